/** PostgreSQL holds no U+0000 in a text, and no half of a surrogate pair: U+0001 marks what stands for them. */
// oxlint-disable-next-line eslint/no-control-regex -- these are the characters that it is about
const SPECIAL = /[\u0000\u0001\p{Surrogate}]/gu
// oxlint-disable-next-line eslint/no-control-regex -- see above
const MARKED = /\u0001(?:u([0-9a-f]{4})|([01]))/g
const MARK = '\u0001'

/** A text as PostgreSQL can hold it; {@link fromText} gives it back letter by letter. */
export function toText(text: string): string {
  return text.replace(SPECIAL, (char) => {
    const code = char.charCodeAt(0)
    return code < 2 ? `${MARK}${code}` : `${MARK}u${code.toString(16)}`
  })
}

/** {@link toText}, where null stays null. */
export function toTextOrNull(text: string | null): string | null {
  return text === null ? null : toText(text)
}

/** The text that {@link toText} was given. */
export function fromText(text: string): string {
  if (!text.includes(MARK)) return text
  return text.replace(MARKED, (_, hex: string | undefined, digit: string | undefined) =>
    String.fromCharCode(hex === undefined ? Number(digit) : Number.parseInt(hex, 16)),
  )
}
