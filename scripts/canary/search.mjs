import { closeSync, openSync, readSync } from 'node:fs'
import { LENGTH } from './secrets.mjs'

const CHUNK = 1024 * 1024
const OVERLAP = Math.max(...Object.values(LENGTH)) - 1
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Digit of each byte in base 62, or 255. */
const DIGIT = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 62; digit++) DIGIT[ALPHABET.charCodeAt(digit)] = digit

/**
 * A search for the secrets in bytes: `bytes(buffer, length)` yields `{ at, kind }`,
 * `file(path)` returns `{ hits, size }`. Only runs of base62 as long as a verifier are looked at,
 * and in them only places whose first four characters begin some secret.
 */
export function createSearch(secrets) {
  const kinds = Object.entries(LENGTH).filter(([kind]) => secrets[kind].size > 0)
  const begins = new Uint8Array(62 ** 4)
  for (const [kind] of kinds) {
    for (const secret of secrets[kind]) begins[prefixOf(Buffer.from(secret), 0)] = 1
  }
  function* inRun(buffer, start, end) {
    for (let at = start; at + LENGTH.plain <= end; at++) {
      if (begins[prefixOf(buffer, at)] === 0) continue
      for (const [kind, length] of kinds) {
        if (at + length <= end && secrets[kind].has(buffer.latin1Slice(at, at + length)))
          yield { at, kind }
      }
    }
  }
  function* bytes(buffer, length = buffer.length) {
    let start = 0
    for (let at = 0; at <= length; at++) {
      if (at < length && DIGIT[buffer[at]] !== 255) continue
      if (at - start >= LENGTH.plain) yield* inRun(buffer, start, at)
      start = at + 1
    }
  }
  return { bytes, file: (path) => searchFile(path, bytes) }
}

function prefixOf(buffer, at) {
  return (
    ((DIGIT[buffer[at]] * 62 + DIGIT[buffer[at + 1]]) * 62 + DIGIT[buffer[at + 2]]) * 62 +
    DIGIT[buffer[at + 3]]
  )
}

// Chunks overlap by one byte less than the longest secret; a hit inside the overlap counts once.
function searchFile(path, bytes) {
  const buffer = Buffer.allocUnsafe(OVERLAP + CHUNK)
  const descriptor = openSync(path, 'r')
  const hits = new Map()
  let [kept, size] = [0, 0]
  try {
    for (;;) {
      const read = readSync(descriptor, buffer, kept, CHUNK, null)
      if (read === 0) return { hits: [...hits.values()], size }
      const length = kept + read
      const base = size - kept
      for (const { at, kind } of bytes(buffer, length))
        hits.set(`${kind}${base + at}`, { at: base + at, kind })
      size += read
      kept = Math.min(OVERLAP, length)
      buffer.copy(buffer, 0, length - kept, length)
    }
  } finally {
    closeSync(descriptor)
  }
}
