/** What an access token says (RFC 9068 §2.2). Instants are whole seconds, as RFC 7519 has them. */
export interface AccessClaims {
  readonly iss: string
  /** The account. */
  readonly sub: string
  readonly aud: string | readonly string[]
  /** The session that the token belongs to. */
  readonly sid: string
  /** The grant of that session: what one client was given. */
  readonly gid: string
  readonly client_id: string
  /** The tenant of the sessions, where they have one. */
  readonly tenant?: string
  readonly iat: number
  readonly exp: number
  readonly nbf?: number
  readonly jti: string
  /** Space-separated (RFC 6749 §3.3). */
  readonly scope?: string
  /** When the subject was authenticated. */
  readonly auth_time?: number
  /** How strongly (RFC 9470). */
  readonly acr?: string
  /** By which methods (RFC 8176). */
  readonly amr?: readonly string[]
  /** The key that whoever presents the token must prove to hold (RFC 9449 §6.1). */
  readonly cnf?: { readonly jkt: string }
}
