import type { Writable } from 'node:stream'

/** Writes lines for the operator. What has several lines is written as several: none of them can pass for another's. */
export function sayTo(stream: Writable): (text: string) => void {
  // Who reads may have gone away. There is nobody left to tell, and nothing else is to suffer from it.
  stream.on('error', () => undefined)
  return (text) => {
    for (const line of text.split('\n')) stream.write(`holdfastd: ${printable(line)}\n`)
  }
}

/** Without control characters, which could rewrite a terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '?')
}
