import type { JsonWebKey } from 'node:crypto'

export const API_URL = 'https://api.example/orders'

/** What a process needs to be one of several of one issuer. */
export interface Setup {
  readonly folder: string
  readonly key: string
  readonly signingKey: JsonWebKey
}

/** What it is to do, so many times at once. */
export type Order = { readonly times: number; readonly token: string } & (
  | { readonly do: 'redeem' | 'refresh' }
  | { readonly do: 'verify'; readonly proof: string | null }
)
