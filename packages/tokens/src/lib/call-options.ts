import type { PresentedProof } from './grants/proofs.js'

/** What is known of the device behind a call. */
export interface DeviceOptions {
  /** IP address of the client. */
  readonly address?: string | null
  readonly userAgent?: string | null
}

/** Who asks for tokens, and for which. */
export interface IssueOptions {
  /** Id of the client. */
  readonly client: string
  /** What access tokens are to be good for, space-separated. Default: all that the client may ask for. */
  readonly scope?: string
  /** The proof of the client's key, which binds its tokens to it (RFC 9449). Default: not bound. */
  readonly dpop?: PresentedProof
}

/** A sign-in of a client that has no cookie. */
export interface SignInOptions extends IssueOptions, DeviceOptions {
  /** Stable id of the account. */
  readonly subject: string
  /** How the subject proved itself: RFC 8176 `amr` values or the application's own. */
  readonly methods?: readonly string[]
}

/** The presentation of a refresh token. */
export interface RefreshOptions extends IssueOptions, DeviceOptions {
  /** Whether it counts as activity of the user. Default `true`. */
  readonly active?: boolean
}

/** The end of a client's tokens. */
export interface RevokeOptions extends DeviceOptions {
  /** Id of the client. */
  readonly client: string
  /** End the whole session too, its cookie and other clients included. Default `false`. */
  readonly endSession?: boolean
}
