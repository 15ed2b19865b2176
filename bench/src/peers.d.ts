// Just what is measured here. The published types of express-session declare `req.session` for every Express
// application, ours too, and the other package has none of its own.
declare module 'express-session' {
  import type { RequestHandler } from 'express'

  export interface SessionContent {
    readonly cookie: object
    readonly [key: string]: unknown
  }

  export class Store {
    get(id: string, callback?: (error?: unknown, data?: unknown) => unknown): unknown
  }

  export class MemoryStore extends Store {
    readonly sessions: Readonly<Record<string, string>>
    set(id: string, session: SessionContent, callback?: (error?: unknown) => void): void
  }

  export interface ExpressSessionOptions {
    readonly secret: string
    readonly resave: boolean
    readonly saveUninitialized: boolean
    readonly store: Store
    readonly name: string
    readonly proxy: boolean
    readonly cookie: {
      readonly secure: boolean
      readonly httpOnly: boolean
      readonly sameSite: 'lax'
      readonly maxAge: number
    }
  }

  export default function session(options: ExpressSessionOptions): RequestHandler
}

declare module 'cookie-signature' {
  export function sign(value: string, secret: string): string
  export function unsign(value: string, secret: string): string | false
}

// Its own declarations are of another version of jose.
declare module 'supertokens-node/lib/build/recipe/session/jwt.js' {
  export interface ParsedToken {
    readonly version: number
  }

  export function parseJWTWithoutSignatureVerification(token: string): ParsedToken
}

declare module 'supertokens-node/lib/build/recipe/session/accessToken.js' {
  import type { KeyObject } from 'node:crypto'
  import type { ParsedToken } from 'supertokens-node/lib/build/recipe/session/jwt.js'

  export function getInfoFromAccessToken(
    token: ParsedToken,
    keys: () => KeyObject,
    antiCsrf: boolean,
  ): Promise<{ readonly userId: string }>
}
