/** How the check says what it found. */
export interface CheckForm {
  /** When somebody is signed in. */
  readonly known: 200 | 204
  /** When nobody is. */
  readonly unknown: 204 | 401
  /** Whether a visitor who wants a page is sent to where they can sign in. */
  readonly redirects: boolean
}

/** One path each: a web server's request says no more than where it goes. */
export const FORMS: Readonly<Record<string, CheckForm>> = {
  /** `auth_request` of nginx, and what is like it: anything but 2xx, 401 and 403 is a failure there. */
  '/v1/check': { known: 204, unknown: 401, redirects: false },
  /** For pages that everybody may see, and that look different to those who are signed in. */
  '/v1/check/optional': { known: 204, unknown: 204, redirects: false },
  /** `forward_auth` of Caddy and Traefik, which hand the answer on unless it is 2xx. */
  '/v1/forward-auth': { known: 200, unknown: 401, redirects: true },
}
