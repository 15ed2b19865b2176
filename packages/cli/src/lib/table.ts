import stringWidth from 'string-width'
import { printable } from './text.js'

const GAP = '  '

/** Rows under a head, in columns. What came from outside shows no control characters: they could move the cursor or forge a row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(printable))].map((row) =>
    row.map((text) => ({ text, width: widthOf(text) })),
  )
  const widths = head.map((_, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.width ?? 0), 0),
  )
  return cells
    .map((row) =>
      row
        .map(({ text, width }, column) => text + ' '.repeat((widths[column] ?? 0) - width))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n')
}

/** Columns that a text takes; most texts are ASCII. */
function widthOf(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : stringWidth(text)
}

/** An instant for people, UTC; a dash for none. */
export function instant(at: number | null): string {
  return at === null
    ? '-'
    : new Date(at)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z')
}
