import { isIP } from 'node:net'
import type { HeaderValue } from '@holdfast/http'
import type { IncomingRequest } from '@holdfast/http/transport'

/** The request of a visitor, as the edge or application that was asked hands it on. */
export class VisitorRequest implements IncomingRequest {
  readonly #header: (name: string) => HeaderValue

  constructor(header: (name: string) => HeaderValue) {
    this.#header = header
  }

  get method(): string {
    return one(this.#header('x-forwarded-method')) ?? 'GET'
  }

  get peer(): string | undefined {
    const last = one(this.#header('x-forwarded-for'))?.split(',').at(-1)?.trim()
    return last !== undefined && isIP(last) !== 0 ? last : undefined
  }

  get encrypted(): boolean {
    return one(this.#header('x-forwarded-proto')) === 'https'
  }

  header(name: string): HeaderValue {
    if (name === 'host') return this.#header('x-forwarded-host')
    // What the edge says has been read: the transport sees the visitor as if there were no edge.
    return name.startsWith('x-forwarded-') || name === 'forwarded' ? undefined : this.#header(name)
  }
}

function one(value: HeaderValue): string | undefined {
  return typeof value === 'string' ? value : undefined
}
