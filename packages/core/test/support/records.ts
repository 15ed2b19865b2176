import * as fc from 'fast-check'
import type { SessionRecord } from '@holdfast/core/store'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('')

export const sessionIds: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom(...BASE62),
  minLength: 22,
  maxLength: 22,
})

const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'))
const texts = fc.string({ unit: 'binary', maxLength: 60 })
/** Null and the empty text are one and the same where a device is described. */
const descriptions = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 256 }))
const counters = fc.oneof(fc.nat(200), fc.nat(2 ** 31 - 1))
const instants = fc.integer({ min: 0, max: Date.UTC(9999, 0, 1) })

function plain<T>(parts: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> {
  return fc.record<T>(parts, { noNullPrototype: true })
}

/** Any record that a store may be given. */
export const records: fc.Arbitrary<SessionRecord> = plain({
  id: sessionIds,
  verifierHash: hashes,
  rotatedAt: instants,
  previous: fc.option(
    plain({
      verifierHash: hashes,
      sealed: fc.option(
        fc.string({ unit: fc.constantFrom(...BASE62), minLength: 1, maxLength: 95 }),
      ),
      supersededAt: fc.option(instants),
    }),
  ),
  version: counters,
  generation: counters,
  epoch: counters,
  subject: fc.option(texts),
  createdAt: instants,
  authenticatedAt: fc.option(instants),
  methods: fc.array(texts, { maxLength: 16 }),
  lastSeenAt: instants,
  idleDeadline: instants,
  absoluteDeadline: instants,
  persistent: fc.boolean(),
  client: fc.option(plain({ label: descriptions, address: descriptions, userAgent: descriptions })),
  binding: fc.option(texts),
  data: fc.dictionary(texts, texts, { maxKeys: 8 }).map((data) => new Map(Object.entries(data))),
  revokedAt: fc.option(instants),
  reason: texts,
}).map((record) => ({
  ...record,
  // How somebody signed in is kept only where somebody did, and a reason only where there is an end.
  methods: record.authenticatedAt === null ? [] : record.methods,
  reason: record.revokedAt === null ? null : record.reason,
}))
