import { isIPv6 } from 'node:net'
import type { TcpSettings } from '../settings.js'

/** `127.0.0.1:9464` as host and port; null for what is no loopback address. The shape has been checked. */
export function loopback(address: string): TcpSettings | null {
  const at = address.lastIndexOf(':')
  const name = address.slice(0, at).replace(/^\[|\]$/g, '')
  const host = name === 'localhost' ? '127.0.0.1' : name
  const port = Number(address.slice(at + 1))
  if (port < 1 || port > 65_535) return null
  if (isIPv6(host)) return host === '::1' ? { host, port } : null
  const parts = host.split('.').map(Number)
  return parts[0] === 127 && parts.every((part) => part <= 255) ? { host, port } : null
}
