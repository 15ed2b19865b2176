import { crc32 } from 'node:zlib'
import { SessionError } from '@holdfast/core'
import type { Barrier, Epochs } from '@holdfast/core/store'

const EPOCH_AT = 4
const JSON_AT = 8

/** Rare, small values: a checksum, the low bits of the epoch, JSON. */
function seal(value: object, epoch: number): Buffer {
  const json = Buffer.from(JSON.stringify(value))
  const bytes = Buffer.alloc(JSON_AT + json.length)
  bytes.writeUInt32LE(crc32(json))
  bytes.writeUInt32LE(epoch % 2 ** 32, EPOCH_AT)
  json.copy(bytes, JSON_AT)
  return bytes
}

function unseal(bytes: Buffer, what: string): string {
  const json = bytes.subarray(JSON_AT)
  if (bytes.length > JSON_AT && bytes.readUInt32LE() === crc32(json)) return json.toString()
  throw new SessionError('ERR_SESSION_STORE_CORRUPT', `the stored ${what} is damaged (checksum)`)
}

export function encodeEpochs(epochs: Epochs): Buffer {
  return seal(epochs, epochs.current)
}

/**
 * Changes with every change of the counters: no two revocations have the same epoch, and the little else that changes
 * has another checksum.
 */
export function epochsMark(bytes: Buffer): number {
  return bytes.readUInt32LE(0) * 2 ** 21 + (bytes.readUInt32LE(EPOCH_AT) % 2 ** 21)
}

export function decodeEpochs(bytes: Buffer): Epochs {
  return JSON.parse(unseal(bytes, 'revocation counter'))
}

export function encodeBarrier(barrier: Barrier): Buffer {
  return seal(barrier, barrier.epoch)
}

export function decodeBarrier(bytes: Buffer): Barrier {
  return JSON.parse(unseal(bytes, 'revocation of a subject'))
}
