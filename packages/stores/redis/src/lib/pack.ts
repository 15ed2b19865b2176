const MAX_BYTES = 64 * 1024 * 1024

/** Appends to a buffer of its own; {@link Packer.finish} gives what was written. The scripts read the same (`record.lua`). */
export class Packer {
  #bytes: Buffer = Buffer.allocUnsafe(512)
  #at = 0

  byte(value: number): void {
    this.#need(1)
    this.#bytes[this.#at++] = value
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
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#at++] = rest
  }

  /** Zigzag: small distances of either sign stay short. */
  signed(value: number): void {
    this.integer(value < 0 ? -value * 2 - 1 : value * 2)
  }

  raw(bytes: Buffer): void {
    this.#need(bytes.length)
    bytes.copy(this.#bytes, this.#at)
    this.#at += bytes.length
  }

  text(text: string): void {
    const length = Buffer.byteLength(text)
    this.integer(length)
    this.#need(length)
    this.#bytes.write(text, this.#at, length, 'utf8')
    this.#at += length
  }

  /** Bytes behind their length. */
  blob(bytes: Buffer): void {
    this.integer(bytes.length)
    this.raw(bytes)
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #need(length: number): void {
    const wanted = this.#at + length
    if (wanted <= this.#bytes.length) return
    if (wanted > MAX_BYTES) throw new RangeError('the record is larger than 64 MiB')
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
