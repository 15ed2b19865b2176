/** The base64url text of bytes or of UTF-8 text, without padding (RFC 7515 §2). */
export function encode(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value)
  return bytes.toString('base64url')
}

/**
 * The bytes that a base64url text stands for; null unless it is the one canonical text of them. Node reads padding, line
 * breaks, the other alphabet and stray last bits too: a text that is not what its bytes encode to has a second spelling.
 */
export function decode(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}
