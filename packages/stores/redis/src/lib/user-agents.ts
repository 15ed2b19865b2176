/**
 * Parts that most user agents are made of, each written as one control byte, 1 to 31 in this order. Append only: a stored
 * value names them by number. Client descriptions hold no control characters of their own; one that does is left whole.
 */
const PARTS: readonly string[] = [
  'Mozilla/5.0 (',
  ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  '.0.0.0 Safari/537.36',
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'Linux; Android ',
  'iPhone; CPU iPhone OS ',
  ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ',
  ') AppleWebKit/605.1.15 (KHTML, like Gecko) ',
  'Version/',
  ' Mobile/15E148',
  ' Safari/604.1',
  ' Safari/605.1.15',
  ' Mobile Safari/537.36',
  ' Edg/',
  ' OPR/',
  ') Gecko/20100101 Firefox/',
  '; rv:',
  'Gecko/',
  'Firefox/',
  'iPad; CPU OS ',
  'X11; Ubuntu; Linux x86_64',
  'Windows NT ',
  ' Safari/537.36',
  'SamsungBrowser/',
  '.0.0.0',
  'CriOS/',
  ' (KHTML, like Gecko) ',
  'AppleWebKit/',
  'compatible; ',
]

// oxlint-disable-next-line eslint/no-control-regex -- control characters are what it is about
const CONTROL = /[\u0000-\u001f]/
// oxlint-disable-next-line eslint/no-control-regex -- the same
const CODES = /[\u0001-\u001f]/g
const WHOLE = '\u0000'

/** The text with known parts as one byte each. */
export function shortenUserAgent(userAgent: string): string {
  if (CONTROL.test(userAgent)) return WHOLE + userAgent
  let text = userAgent
  for (const [n, part] of PARTS.entries()) {
    if (text.includes(part)) text = text.replaceAll(part, String.fromCharCode(n + 1))
  }
  return text
}

/** The text as it was before {@link shortenUserAgent}. */
export function restoreUserAgent(text: string): string {
  if (text.startsWith(WHOLE)) return text.slice(1)
  return text.replaceAll(CODES, (code) => PARTS[code.charCodeAt(0) - 1] ?? '')
}
