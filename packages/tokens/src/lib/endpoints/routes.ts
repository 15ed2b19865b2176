/** The endpoints by name. */
export type RouteName = 'issue' | 'token' | 'revoke' | 'introspect' | 'jwks' | 'metadata'

/** Where each endpoint is. */
export class Routes {
  readonly #origin: string
  readonly #paths: ReadonlyMap<RouteName, string>
  readonly #names: ReadonlyMap<string, RouteName>

  /** `issuer`: its URL. RFC 8414 §3.1 puts the well-known name between its host and its path. */
  constructor(issuer: string, basePath: string) {
    const { origin, pathname } = new URL(issuer)
    const path = pathname === '/' ? '' : pathname
    this.#origin = origin
    this.#paths = new Map<RouteName, string>([
      ['issue', `${basePath}/issue`],
      ['token', `${basePath}/token`],
      ['revoke', `${basePath}/token/revoke`],
      ['introspect', `${basePath}/introspect`],
      ['jwks', `${path}/.well-known/jwks.json`],
      ['metadata', `/.well-known/oauth-authorization-server${path}`],
    ])
    this.#names = new Map([...this.#paths].map(([name, each]) => [each, name]))
  }

  /** The endpoint at a path, exactly; undefined for a path of somebody else's. */
  at(path: string): RouteName | undefined {
    return this.#names.get(path)
  }

  /** The whole URL, as clients use it. */
  url(name: RouteName): string {
    return this.#origin + (this.#paths.get(name) ?? '')
  }
}
