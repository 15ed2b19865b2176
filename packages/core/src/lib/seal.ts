import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { RandomText } from './random.js'
import { VERIFIER_LENGTH } from './token.js'

const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals the successor of a verifier under the verifier itself: AES-256-GCM, the key derived from `verifier`, the session
 * id authenticated beside it. Whoever reads the store cannot open it; whoever still presents the old token can.
 */
export function sealSuccessor(
  successor: string,
  verifier: string,
  id: string,
  random: RandomText,
): string {
  const iv = random.bytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', sealKey(verifier), iv).setAAD(
    Buffer.from(id, 'latin1'),
  )
  return Buffer.concat([
    iv,
    cipher.update(successor, 'latin1'),
    cipher.final(),
    cipher.getAuthTag(),
  ]).toString('base64url')
}

/** Opens what {@link sealSuccessor} sealed; null if it was sealed under another verifier or is damaged. */
export function openSuccessor(sealed: string, verifier: string, id: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length !== IV_BYTES + VERIFIER_LENGTH + TAG_BYTES) return null
  const end = bytes.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', sealKey(verifier), bytes.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(id, 'latin1'))
    .setAuthTag(bytes.subarray(end))
  try {
    return (
      decipher.update(bytes.subarray(IV_BYTES, end)).toString('latin1') + decipher.final('latin1')
    )
  } catch {
    return null
  }
}

function sealKey(verifier: string): Buffer {
  return createHmac('sha256', verifier).update('holdfast/v1/seal').digest()
}
