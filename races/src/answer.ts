import type { IncomingHttpHeaders } from 'node:http'
import type { JsonValue } from '@holdfast/core'

/** What a request came back with. */
export class Answer {
  /** The process that answered. */
  readonly process: number
  readonly status: number
  readonly body: string
  /** Set-Cookie lines of the session. */
  readonly cookies: readonly string[]

  constructor(process: number, status: number, headers: IncomingHttpHeaders, body: string) {
    this.process = process
    this.status = status
    this.body = body
    this.cookies = (headers['set-cookie'] ?? []).filter((line) => line.includes('session='))
  }

  /** The token that it gives; null if it sets no cookie, or deletes it. */
  get token(): string | null {
    const [, token = ''] = /session=([^;]*)/.exec(this.cookies[0] ?? '') ?? []
    return token === '' ? null : token
  }

  /** What each step gave; nothing if the request failed. */
  get out(): readonly JsonValue[] {
    if (this.status !== 200) return []
    const parsed: { readonly out: readonly JsonValue[] } = JSON.parse(this.body)
    return parsed.out
  }

  /** The subject that the last step, `me`, saw; null for nobody. */
  get subject(): string | null {
    const me = this.out.at(-1)
    const seen = typeof me === 'object' && me !== null && 'subject' in me ? me['subject'] : null
    return typeof seen === 'string' ? seen : null
  }

  /** Status and code, for messages: never a token. */
  get words(): string {
    return `${this.status} ${/ERR_[A-Z_]+/.exec(this.body)?.[0] ?? ''}`.trim()
  }
}

/** The id at the front of a token. */
export function idOf(token: string): string {
  return token.slice(0, token.indexOf('-'))
}
