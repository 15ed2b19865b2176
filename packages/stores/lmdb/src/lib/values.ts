import { crc32 } from 'node:zlib'
import { SessionError } from '@holdfast/core'
import type { Barrier, Epochs } from '@holdfast/core/store'

const CHECKSUM_BYTES = 4

/** Rare, small values: a checksum and JSON. */
function seal(value: object): Buffer {
  const json = Buffer.from(JSON.stringify(value))
  const bytes = Buffer.alloc(CHECKSUM_BYTES + json.length)
  bytes.writeUInt32LE(crc32(json))
  json.copy(bytes, CHECKSUM_BYTES)
  return bytes
}

function unseal<T>(bytes: Buffer, what: string): T {
  const json = bytes.subarray(CHECKSUM_BYTES)
  if (bytes.length > CHECKSUM_BYTES && bytes.readUInt32LE() === crc32(json))
    return JSON.parse(json.toString())
  throw new SessionError('ERR_SESSION_STORE_CORRUPT', `the stored ${what} is damaged (checksum)`)
}

export function encodeEpochs(epochs: Epochs): Buffer {
  return seal(epochs)
}

export function decodeEpochs(bytes: Buffer): Epochs {
  return unseal(bytes, 'revocation counter')
}

export function encodeBarrier(barrier: Barrier): Buffer {
  return seal(barrier)
}

export function decodeBarrier(bytes: Buffer): Barrier {
  return unseal(bytes, 'revocation of a subject')
}
