import { isSecretOf, type TokenClient } from '../grants/clients.js'
import { refuse } from './answer.js'

type Clients = ReadonlyMap<string, TokenClient>

interface Credentials {
  readonly id: string
  readonly secret: string | null
}

/**
 * The client that makes a request (RFC 6749 §2.3): a confidential one proves itself by one of its secrets, in Basic
 * authentication or in the form and never in both; another one names itself and has none. Otherwise a refusal, the same for an
 * unknown client as for a wrong secret.
 */
export function authenticateClient(
  clients: Clients,
  request: Request,
  form: ReadonlyMap<string, string>,
): TokenClient | Response {
  const header = request.headers.get('authorization')
  const inForm = form.get('client_secret')
  if (header !== null && inForm !== undefined) return refuse(400, 'invalid_request')
  const credentials = header === null ? fromForm(form, inForm) : fromHeader(header, form)
  const client = credentials === null ? undefined : clients.get(credentials.id)
  if (credentials === null || client === undefined || !proves(client, credentials)) return denied()
  return client
}

function fromForm(
  form: ReadonlyMap<string, string>,
  secret: string | undefined,
): Credentials | null {
  const id = form.get('client_id')
  return id === undefined ? null : { id, secret: secret ?? null }
}

/** RFC 7617, with both halves encoded as in a form (RFC 6749 §2.3.1). A `client_id` beside it must be the same. */
function fromHeader(header: string, form: ReadonlyMap<string, string>): Credentials | null {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header) ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return null
  const id = formDecoded(text.slice(0, colon))
  const secret = formDecoded(text.slice(colon + 1))
  if (id === null || secret === null) return null
  const named = form.get('client_id') ?? id
  return named === id ? { id, secret } : null
}

function formDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null
  }
}

function proves(client: TokenClient, { secret }: Credentials): boolean {
  if (client.type !== 'confidential') return secret === null
  return secret !== null && isSecretOf(client, secret)
}

function denied(): Response {
  const response = refuse(401, 'invalid_client')
  response.headers.set('WWW-Authenticate', 'Basic realm="token", charset="UTF-8"')
  return response
}
