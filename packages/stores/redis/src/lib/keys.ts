import { hash } from 'node:crypto'

/**
 * Bits of a subject's hash that choose its bucket, and bytes of it that name it there. 8,192 buckets: up to a million
 * subjects a bucket is one compact list in the server's memory (of at most 128 fields), and above it a table.
 */
const BUCKET_BITS = 13
const FIELD_BYTES = 10

/** Where something of a subject is kept: a hash that it shares with some other subjects, and its field in it. */
export interface SubjectPlace {
  readonly key: string
  readonly field: Buffer
  /** Its older places, where it has many: a key of the same slot. */
  readonly older: string
}

/** The names of everything that one store keeps. */
export class Keys {
  readonly #prefix: string
  /** Counters of revocations of the whole store. */
  readonly epochs: string
  /** Channel of notices. */
  readonly channel: string

  constructor(prefix: string) {
    this.#prefix = prefix
    this.epochs = `${prefix}e`
    this.channel = `${prefix}c`
  }

  session(id: string): string {
    return `${this.#prefix}s:${id}`
  }

  /** By hash: a subject may be anything, braces included, and need not be read off a key. */
  subject(subject: string): SubjectPlace {
    const digest = Buffer.from(hash('sha256', subject, 'hex'), 'hex')
    const key = this.bucket(digest.readUInt16BE(0) >> (16 - BUCKET_BITS))
    const field = digest.subarray(2, 2 + FIELD_BYTES)
    return { key, field, older: `${this.#prefix}o:{${key}}${field.toString('hex')}` }
  }

  /** One of {@link BUCKETS}. */
  bucket(number: number): string {
    return `${this.#prefix}u:${number.toString(36)}`
  }
}

export const BUCKETS: number = 1 << BUCKET_BITS
