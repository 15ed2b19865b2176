/** One head, as it is sent, and the status that answers it. */
export interface Case {
  readonly what: string
  readonly text: string
  readonly status: number
}

const HOST = 'Host: a\r\n'

function good(what: string, text: string, status = 200): Case {
  return { what, text, status }
}

/** Heads that are HTTP/1.1, in unusual forms too. The target is `/healthz`, which is always 200. */
export const GOOD: readonly Case[] = [
  good('the least there is', `GET /healthz HTTP/1.1\r\n${HOST}\r\n`),
  good('HTTP/1.0 without Host', 'GET /healthz HTTP/1.0\r\n\r\n'),
  good('HTTP/1.0 that goes on', 'GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'),
  good('no blank after the colon', 'GET /healthz HTTP/1.1\r\nHost:a\r\n\r\n'),
  good('blanks around a value', 'GET /healthz HTTP/1.1\r\nHost: \t a \t \r\nX: \t b c \t\r\n\r\n'),
  good('an empty value', `GET /healthz HTTP/1.1\r\n${HOST}X:\r\nY: \r\n\r\n`),
  good('an empty Host', 'GET /healthz HTTP/1.1\r\nHost:\r\n\r\n'),
  good('names in any case', 'GET /healthz HTTP/1.1\r\nhOST: a\r\nCONNECTION: CLOSE\r\n\r\n'),
  good(
    'every character of a name',
    `GET /healthz HTTP/1.1\r\n${HOST}!#$%&'*+-.^_\`|~09az: v\r\n\r\n`,
  ),
  good('bytes beyond ASCII', `GET /healthz HTTP/1.1\r\n${HOST}X: \u0080\u00ff\r\n\r\n`),
  good('a colon and quotes in a value', `GET /healthz HTTP/1.1\r\n${HOST}X: a:"b"\\:\r\n\r\n`),
  good('a body of no length', `GET /healthz HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`),
  good(
    'several lines of one name',
    `GET /healthz HTTP/1.1\r\n${HOST}Cookie: a=1\r\nCookie: b=2\r\n\r\n`,
  ),
  good(
    'a list for the connection',
    `GET /healthz HTTP/1.1\r\n${HOST}Connection: x , Close\r\n\r\n`,
  ),
  good('an upgrade, which is not taken', `GET /healthz HTTP/1.1\r\n${HOST}Upgrade: h2c\r\n\r\n`),
  good('another path', `GET /else?x=%00#y HTTP/1.1\r\n${HOST}\r\n`, 404),
]

function bad(what: string, text: string, status = 400): Case {
  return { what, text, status }
}

const LINE = 'GET /healthz HTTP/1.1\r\n'

/** Heads that are refused, after which the connection ends. */
export const BAD: readonly Case[] = [
  bad('an LF alone after the request line', `GET /healthz HTTP/1.1\n${HOST}\r\n`),
  bad('LF alone everywhere', 'GET /healthz HTTP/1.1\nHost: a\n\n'),
  bad('an LF alone after a header', `${LINE}Host: a\nX: b\r\n\r\n`),
  bad('a CR alone in a value', `${LINE}Host: a\rX: b\r\n\r\n`),
  bad('a CR alone in the request line', `GET /healthz\rHTTP/1.1\r\n${HOST}\r\n`),
  bad('two CR', `${LINE}Host: a\r\r\n\r\n`),
  bad('an empty line first', `\r\n${LINE}${HOST}\r\n`),
  bad('a folded header', `${LINE}${HOST}X: a\r\n b\r\n\r\n`),
  bad('a header that begins with a blank', `${LINE} ${HOST}\r\n`),
  bad('a blank before the colon', `${LINE}Host : a\r\n\r\n`),
  bad('a tab before the colon', `${LINE}Host\t: a\r\n\r\n`),
  bad('a header without a colon', `${LINE}${HOST}X\r\n\r\n`),
  bad('a header without a name', `${LINE}${HOST}: a\r\n\r\n`),
  bad('a name with a parenthesis', `${LINE}${HOST}X(y): a\r\n\r\n`),
  bad('a name beyond ASCII', `${LINE}${HOST}X\u00fc: a\r\n\r\n`),
  bad('a NUL in a value', `${LINE}${HOST}X: a\u0000b\r\n\r\n`),
  bad('a NUL in a name', `${LINE}${HOST}X\u0000: a\r\n\r\n`),
  bad('DEL in a value', `${LINE}${HOST}X: a\u007fb\r\n\r\n`),
  bad('a vertical tab in a value', `${LINE}${HOST}X: a\u000bb\r\n\r\n`),
  bad('no Host', `${LINE}X: a\r\n\r\n`),
  bad('two Hosts', `${LINE}${HOST}${HOST}\r\n`),
  bad('a body', `${LINE}${HOST}Content-Length: 3\r\n\r\nabc`),
  bad('two lengths', `${LINE}${HOST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`),
  bad('two lengths in one', `${LINE}${HOST}Content-Length: 0, 0\r\n\r\n`),
  bad('a length with a sign', `${LINE}${HOST}Content-Length: +0\r\n\r\n`),
  bad('a length that is none', `${LINE}${HOST}Content-Length:\r\n\r\n`),
  bad('chunks', `${LINE}${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  bad(
    'chunks and a length',
    `${LINE}${HOST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ),
  bad('an encoding that is none', `${LINE}${HOST}Transfer-Encoding: identity\r\n\r\n`),
  bad('an empty encoding', `${LINE}${HOST}Transfer-Encoding:\r\n\r\n`),
  bad('two blanks', `GET  /healthz HTTP/1.1\r\n${HOST}\r\n`),
  bad('a blank at the end', `GET /healthz HTTP/1.1 \r\n${HOST}\r\n`),
  bad('a tab for a blank', `GET\t/healthz HTTP/1.1\r\n${HOST}\r\n`),
  bad('no version', `GET /healthz\r\n${HOST}\r\n`),
  bad('no target', `GET HTTP/1.1\r\n${HOST}\r\n`),
  bad('a version in small letters', `GET /healthz http/1.1\r\n${HOST}\r\n`),
  bad('a version that is none', `GET /healthz HTTP/1.10\r\n${HOST}\r\n`),
  bad('a target beyond ASCII', `GET /\u00fc HTTP/1.1\r\n${HOST}\r\n`),
  bad('a target that is no path', `GET * HTTP/1.1\r\n${HOST}\r\n`),
  bad('a whole URL', `GET http://a/healthz HTTP/1.1\r\n${HOST}\r\n`),
  bad('a method that is no token', `G@T /healthz HTTP/1.1\r\n${HOST}\r\n`),
  bad('HTTP/2', `GET /healthz HTTP/2.0\r\n${HOST}\r\n`, 505),
  bad('HTTP/1.2', `GET /healthz HTTP/1.2\r\n${HOST}\r\n`, 505),
  bad("HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  bad('POST', `POST /v1/check HTTP/1.1\r\n${HOST}\r\n`, 405),
  bad('POST with a body', `POST /v1/check HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`, 405),
  bad('a method in small letters', `get /healthz HTTP/1.1\r\n${HOST}\r\n`, 405),
  bad('OPTIONS', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 405),
  bad('CONNECT', `CONNECT a:443 HTTP/1.1\r\n${HOST}\r\n`, 405),
  bad('TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'),
  bad('too long a head', `${LINE}${HOST}X: ${'a'.repeat(500)}\r\n\r\n`, 431),
  bad('a head without an end', `${LINE}${HOST}X: ${'a'.repeat(500)}`, 431),
  bad('a request line without an end', `GET /${'a'.repeat(500)}`, 431),
  bad('too many headers', `${LINE}${HOST}${'X:\r\n'.repeat(200)}\r\n`, 431),
]

/** What a head may take in the tests of these. */
export const LIMIT = 400
