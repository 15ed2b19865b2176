import type { Writable } from 'node:stream'

/** Writes lines for the operator. What has several lines is written as several: none of them can pass for another's. */
export function sayTo(stream: Writable): (text: string) => void {
  return (text) => {
    for (const line of text.split('\n')) stream.write(`holdfastd: ${printable(line)}\n`)
  }
}

/** Without control characters, which could rewrite a terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '?')
}
