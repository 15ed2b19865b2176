/** Characters that a terminal obeys or does not show, and those that change the direction of what follows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const UNSEEN_IN_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A text from outside, on one line: it cannot move the cursor or forge a row. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, '\uFFFD')
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.replaceAll(UNSEEN_IN_LINES, '\uFFFD')
}

/** A value as JSON, on one line or indented. What JSON itself leaves as it is, and a terminal obeys, is escaped: it reads the same. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(UNSEEN_IN_LINES, escaped)
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
}
