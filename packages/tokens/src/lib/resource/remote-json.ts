import { type JsonObject, parseObject } from '../jose/json.js'

/** Bytes of a document that are read at most, after decompression. */
const LARGEST = 65_536

/**
 * Fetches a JSON object over HTTPS (plain HTTP from this machine alone), within a time and a size. Redirects are not
 * followed: who is to be believed is what was configured, not what answers there today.
 */
export async function fetchJson(url: string, timeout: number): Promise<JsonObject> {
  const response = await fetch(trustedUrl(url), {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(timeout),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const document = parseObject(await readBounded(response, url))
  if (document === null) throw new Error(`${url} is no JSON object`)
  return document
}

/** Throws `TypeError` for a URL that anybody on the way could answer. */
export function trustedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) throw new TypeError(`'${text}' is no URL`)
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (!safe || url.username !== '' || url.password !== '') {
    throw new TypeError(`'${text}' must be an https URL without a user (http on this machine only)`)
  }
  return url
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

async function readBounded(response: Response, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > LARGEST) throw new Error(`${url} has more than ${LARGEST} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
