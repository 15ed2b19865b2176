/** Bytes of a SHA-256. */
export const HASH_BYTES = 32

const MAX_BYTES = 64 * 1024 * 1024

let scratch = Buffer.alloc(4096)

/** Appends to one shared buffer; {@link ByteWriter.finish} copies the bytes out. */
export class ByteWriter {
  #at = 0

  byte(value: number): void {
    this.#need(1)
    scratch[this.#at++] = value
  }

  skip(length: number): void {
    this.#need(length)
    this.#at += length
  }

  /** Seven bits a byte, least significant first; the top bit says that more follow. */
  integer(value: number): void {
    this.#need(8)
    let rest = value
    while (rest >= 0x80) {
      scratch[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    scratch[this.#at++] = rest
  }

  /** Zigzag: small distances of either sign stay short. */
  signed(value: number): void {
    this.integer(value < 0 ? -value * 2 - 1 : value * 2)
  }

  latin1(text: string, length: number): void {
    this.#need(length)
    scratch.write(text, this.#at, length, 'latin1')
    this.#at += length
  }

  hash(text: string): void {
    this.#need(HASH_BYTES)
    scratch.write(text, this.#at, HASH_BYTES, 'base64url')
    this.#at += HASH_BYTES
  }

  text(text: string): void {
    const length = Buffer.byteLength(text)
    this.integer(length)
    this.#need(length)
    scratch.write(text, this.#at, length, 'utf8')
    this.#at += length
  }

  texts(texts: readonly string[]): void {
    this.integer(texts.length)
    for (const text of texts) this.text(text)
  }

  /** Null and the empty text are the same: neither describes anything. */
  optional(text: string | null): void {
    this.text(text ?? '')
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#at))
  }

  #need(length: number): void {
    const wanted = this.#at + length
    if (wanted <= scratch.length) return
    if (wanted > MAX_BYTES) throw new RangeError('the record is larger than 64 MiB')
    const larger = Buffer.alloc(Math.max(wanted, scratch.length * 2))
    scratch.copy(larger, 0, 0, this.#at)
    scratch = larger
  }
}

/** Reads what {@link ByteWriter} wrote; throws RangeError where the bytes end too early or too late. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  integer(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || scale > 0x80 ** 7) throw new RangeError('integer runs past the end')
      if (byte < 0x80) return value + byte * scale
      value += (byte - 0x80) * scale
      scale *= 0x80
    }
  }

  signed(): number {
    const value = this.integer()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  latin1(length: number): string {
    return this.#bytes.toString('latin1', this.#at, this.#advance(length))
  }

  hash(): string {
    return this.#bytes.toString('base64url', this.#at, this.#advance(HASH_BYTES))
  }

  text(): string {
    const length = this.integer()
    return this.#bytes.toString('utf8', this.#at, this.#advance(length))
  }

  texts(): readonly string[] {
    const texts: string[] = []
    for (let left = this.#count(); left > 0; left--) texts.push(this.text())
    return texts
  }

  /** Bytes behind their length; they are not copied. */
  blob(): Buffer {
    const length = this.integer()
    return this.#bytes.subarray(this.#at, this.#advance(length))
  }

  /** Whether anything is left. */
  get more(): boolean {
    return this.#at < this.#bytes.length
  }

  optional(): string | null {
    const text = this.text()
    return text === '' ? null : text
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('bytes follow the end')
  }

  #count(): number {
    const count = this.integer()
    if (count > this.#bytes.length) throw new RangeError('count runs past the end')
    return count
  }

  #advance(length: number): number {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('text runs past the end')
    this.#at = end
    return end
  }
}
