import { safeReturnTo } from '@holdfast/http'
import type { VisitorRequest } from '../visitors/visitor-request.js'

/** Web servers keep the headers of an answer in 4 KiB unless they are told otherwise. */
const LONGEST = 2_048

/**
 * Makes the address of the page where visitors sign in, from what they asked for: `/login?return_to=%2Fcart`. Throws `TypeError`
 * unless `login` is a path of the site.
 */
export function createLogin(login: string): (uri: string | undefined) => string {
  if (safeReturnTo(login, '/') !== login)
    throw new TypeError(`check.login must be a path of the site, such as /login`)
  const separator = login.includes('?') ? '&' : '?'
  return (uri) => {
    const path = safeReturnTo(uri?.replace(BEYOND_ASCII, escaped))
    const address = `${login}${separator}return_to=${encodeURIComponent(path)}`
    return address.length > LONGEST ? login : address
  }
}

/** Bytes that a client should have escaped: a header is read a byte a character. */
const BEYOND_ASCII = /[\u0080-\u00ff]/g

function escaped(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase()}`
}

/** Whether the visitor sees what is answered; a script would only follow to a page that it has no use for. */
export function wantsPage(visitor: VisitorRequest): boolean {
  if (visitor.isNavigation) return true
  // Browsers before 2023 say no more than what they like to read.
  const { method } = visitor
  if (method !== 'GET' || (visitor.header('sec-fetch-mode') ?? null) !== null) return false
  const accept = visitor.header('accept')
  return typeof accept === 'string' && accept.includes('text/html')
}
