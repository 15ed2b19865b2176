import { refuse } from './answer.js'

/** Bytes of the longest body that is read: many times what any request of ours needs. */
const LONGEST_BODY = 16_384

/** The fields of a form, each at most once (RFC 6749 §3.2), or the refusal of what is none. */
export async function readForm(request: Request): Promise<ReadonlyMap<string, string> | Response> {
  const text = await readText(request, 'application/x-www-form-urlencoded')
  if (typeof text !== 'string') return text
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) return refuse(400, 'invalid_request')
    // RFC 6749 §3.1: a parameter without a value counts as left out.
    if (value !== '') fields.set(name, value)
  }
  return fields
}

/** The members of a JSON object, or the refusal of what is none. */
export async function readJson(request: Request): Promise<ReadonlyMap<string, unknown> | Response> {
  const text = await readText(request, 'application/json')
  if (typeof text !== 'string') return text
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return new Map(Object.entries(value))
  } catch {
    // As any other text that is no object.
  }
  return refuse(400, 'invalid_request')
}

async function readText(request: Request, type: string): Promise<string | Response> {
  const given = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (given !== type) return refuse(415, 'invalid_request')
  const bytes = await readBytes(request)
  if (bytes === null) return refuse(413, 'invalid_request')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse(400, 'invalid_request')
  }
}

/** Null for a body that is too long; the rest of it is not waited for. */
async function readBytes(request: Request): Promise<Uint8Array | null> {
  const { body } = request
  if (body === null) return new Uint8Array(0)
  const chunks: Uint8Array[] = []
  let length = 0
  // Not cancelled where it is too long: that would take the connection, and with it the answer, away.
  for await (const chunk of body.values({ preventCancel: true })) {
    length += chunk.length
    if (length > LONGEST_BODY) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
