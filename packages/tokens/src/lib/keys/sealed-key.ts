import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from '@holdfast/core/engine'
import { type DatedKey, parseKey, serializeKey } from './dated-key.js'

const PURPOSE = 'signing-keys'
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals a signing key under the newest secret of the manager's key ring: AES-256-GCM, the place where it is kept
 * authenticated beside it. Whoever reads the store has no key of the ring and signs nothing (promise P1).
 */
export function sealKey(ring: KeyRing, key: DatedKey, record: string): string {
  const [newest] = ring.secrets(PURPOSE)
  if (newest === undefined) throw new TypeError('the key ring is empty')
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', newest.secret, iv)
  cipher.setAAD(placeOf(record, key.generation))
  const body = [iv, cipher.update(serializeKey(key), 'utf8'), cipher.final(), cipher.getAuthTag()]
  return `${newest.id}.${Buffer.concat(body).toString('base64url')}`
}

/** Opens what {@link sealKey} sealed; null if its key is no longer in the ring, or it is damaged or of another place. */
export function openKey(
  ring: KeyRing,
  sealed: string,
  record: string,
  generation: number,
): DatedKey | null {
  const dot = sealed.indexOf('.')
  const id = sealed.slice(0, dot)
  const secret = ring.secrets(PURPOSE).find((each) => each.id === id)?.secret
  const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url')
  if (secret === undefined || bytes.length < IV_BYTES + TAG_BYTES) return null
  const end = bytes.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, IV_BYTES))
  decipher.setAAD(placeOf(record, generation)).setAuthTag(bytes.subarray(end))
  try {
    const text = decipher.update(bytes.subarray(IV_BYTES, end))
    return parseKey(generation, Buffer.concat([text, decipher.final()]).toString('utf8'))
  } catch {
    return null
  }
}

function placeOf(record: string, generation: number): Buffer {
  return Buffer.from(`${record}:${generation}`, 'latin1')
}
