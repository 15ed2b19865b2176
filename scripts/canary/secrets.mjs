import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** The id of a refresh token is 8 characters longer: it names a grant of the session. */
const TOKEN = /^[0-9A-Za-z]{22}(?:[0-9A-Za-z]{8})?-([0-9A-Za-z]{43})-[0-9A-Za-z]+$/

/** Above this many verifiers their encoded forms would cost too much memory. */
const ENCODE_LIMIT = 50_000

export const LENGTH = { plain: 43, base64: 52, hex: 86 }

/**
 * What to look for: sets of equal-length strings by kind. All of them are base62 throughout, base64
 * too, because the encoding of letters and digits never uses `+` or `/`.
 */
export async function loadSecrets(files) {
  const plain = new Set()
  const malformed = []
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
      const verifier = TOKEN.exec(line)?.[1]
      if (verifier === undefined) malformed.push(file)
      else plain.add(flat(verifier))
    }
  }
  const secrets = { plain, base64: new Set(), hex: new Set(), malformed }
  if (plain.size < ENCODE_LIMIT) for (const verifier of plain) addEncodings(secrets, verifier)
  return secrets
}

// A slice of a line would keep the whole line in memory.
const flat = (text) => Buffer.from(text, 'latin1').latin1Slice()

// In base64 a text may start at any of three offsets of a group; 39 bytes are then whole groups.
function addEncodings({ base64, hex }, verifier) {
  const bytes = Buffer.from(verifier)
  for (const skip of [0, 1, 2]) base64.add(bytes.subarray(skip, skip + 39).toString('base64'))
  hex.add(bytes.toString('hex'))
  hex.add(bytes.toString('hex').toUpperCase())
}
