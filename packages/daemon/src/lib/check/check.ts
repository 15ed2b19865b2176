import { type MaybePromise, SessionError } from '@holdfast/core'
import { andThen, engineOf, isPromise, type OpenSession } from '@holdfast/core/engine'
import { isSafeMethod } from '@holdfast/http'
import { sessionHeaders, type Transport } from '@holdfast/http/transport'
import { expiresAt } from '@holdfast/core/store'
import { APP_HEADER, ASSERTION_HEADER } from '@holdfast/protocol'
import { type Answer, headerLine, problem } from '../lean/answer.js'
import type { Head } from '../lean/head.js'
import type { DaemonParts } from '../parts.js'
import { CheckedVisitor } from '../visitors/checked-visitor.js'
import { createVisitorTransport } from '../visitors/visitor-transport.js'
import { Assertions } from './assertions.js'
import type { CheckForm } from './forms.js'
import { createLogin, wantsPage } from './login.js'

const NO_STORE = 'Cache-Control: no-store\r\n'
/** Before Cache-Control: nginx up to 1.22 believes whichever comes first. */
const NEVER_KEPT = 'X-Accel-Expires: 0\r\n'
const NO_HEADERS = { cacheControl: undefined, vary: undefined }

/** Finds out for web servers who is signed in. */
export class Check {
  readonly #transport: Transport
  readonly #tell: (text: string) => void
  readonly #now: () => number
  readonly #apps: ReadonlyMap<string, Assertions>
  readonly #login: (uri: string | undefined) => string
  /** Seconds for which a web server may keep an answer. */
  readonly #cache: number

  /** `tell` says something to the operator, not too often. */
  constructor(parts: DaemonParts, tell: (text: string) => void) {
    const { check, apps } = parts.settings
    this.#tell = tell
    this.#transport = createVisitorTransport(parts)
    this.#now = engineOf(parts.sessions).now
    this.#apps = new Map(apps.map((app) => [app.name, new Assertions(app, parts)]))
    this.#login = createLogin(check.login)
    // What is kept holds an assertion, which must still be good when it is handed out for the last time.
    const longest = Math.min(check.cache, check.assertionLifetime / 2)
    this.#cache = Math.floor(longest / 1000)
  }

  run(form: CheckForm, head: Head): MaybePromise<Answer> {
    const app = this.#appOf(head)
    if (typeof app === 'string') return this.#misconfigured(app)
    const visitor = new CheckedVisitor((name) => head.header(name))
    if (visitor.method === '') return this.#misconfigured(METHOD_MISSING)
    try {
      this.#transport.assertSameOrigin(visitor)
      const answered = andThen(this.#transport.open(visitor, true), (open) =>
        this.#settle(form, app, visitor, open),
      )
      return isPromise(answered)
        ? answered.catch((error: unknown) => this.#failed(form, visitor, error))
        : answered
    } catch (error) {
      return this.#failed(form, visitor, error)
    }
  }

  /** Writes what the check itself changes: activity, and a renewed token. The web server's going away does not stop it. */
  #settle(
    form: CheckForm,
    app: Assertions,
    visitor: CheckedVisitor,
    open: OpenSession,
  ): MaybePromise<Answer> {
    if (!open.dirty) return this.#found(form, app, visitor, open)
    return andThen(open.commit(), () => this.#found(form, app, visitor, open))
  }

  #found(form: CheckForm, app: Assertions, visitor: CheckedVisitor, open: OpenSession): Answer {
    const cookie = this.#cookie(visitor, open)
    const { record } = open
    const subject = record?.subject ?? null
    if (record === null || subject === null) return this.#nobody(form, visitor, cookie)
    const now = this.#now()
    const assertion = headerLine(ASSERTION, app.make(record, subject, now))
    const lives = expiresAt(record) - now >= this.#cache * 1000
    const kept = lives && cookie === '' && isSafeMethod(visitor.method)
    const expires = kept ? this.#expires : NEVER_KEPT
    return { status: form.known, headers: `${assertion}${expires}${NO_STORE}${cookie}`, body: '' }
  }

  #nobody(form: CheckForm, visitor: CheckedVisitor, cookie: string): Answer {
    const headers = `${NEVER_KEPT}${NO_STORE}${cookie}`
    if (!form.redirects || !wantsPage(visitor)) return { status: form.unknown, headers, body: '' }
    const location = headerLine('Location', this.#login(visitor.uri))
    return { status: 302, headers: headers + location, body: '' }
  }

  /** The line that gives the visitor a new token, at most one; mostly none. */
  #cookie(visitor: CheckedVisitor, open: OpenSession): string {
    const action = open.finish()
    if (action.kind === 'none') return ''
    const transport = this.#transport
    const variant = (): ReturnType<Transport['variantFor']> => transport.variantFor(visitor)
    const { setCookie } = sessionHeaders(transport.cookie, variant, true, action, NO_HEADERS)
    return setCookie === undefined ? '' : headerLine('Set-Cookie', setCookie)
  }

  get #expires(): string {
    return this.#cache === 0 ? NEVER_KEPT : `X-Accel-Expires: ${this.#cache}\r\n`
  }

  /** What says who is signed in to the application that the web server asks for; text that says what is wrong. */
  #appOf(head: Head): Assertions | string {
    const name = head.header(APP_HEADER)
    if (name === undefined) return APP_MISSING
    if (typeof name !== 'string') return APP_REPEATED
    return this.#apps.get(name) ?? APP_UNKNOWN
  }

  /** A store that fails says nothing about the visitor: the request is refused, never anonymous. */
  #failed(form: CheckForm, visitor: CheckedVisitor, error: unknown): Answer {
    if (!(error instanceof SessionError)) throw error
    // Ended while it was asked about.
    if (error.status === 401) return this.#nobody(form, visitor, '')
    return problem(error.status, error.code, DETAILS[error.status])
  }

  #misconfigured(detail: string): Answer {
    this.#tell(`check: ${detail}`)
    return problem(500, 'ERR_SESSION_CONFIG', detail)
  }
}

const ASSERTION = ASSERTION_HEADER.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())

const DETAILS: Readonly<Record<number, string>> = {
  403: 'Another site caused this request. List other sites of yours in check.trusted_origins.',
  503: 'The store of sessions does not answer. Nothing was changed, and nobody was signed out.',
}

const APP_MISSING =
  'The web server does not say for which application it asks: set X-Session-App in its configuration, for each location that it checks.'
const APP_REPEATED =
  'X-Session-App came more than once: the web server must replace what a client sends, not add to it.'
const APP_UNKNOWN =
  'X-Session-App names an application that the daemon does not know: give it a section [apps.NAME] in its configuration, or mend the name.'
const METHOD_MISSING =
  'The web server does not say once how it was asked: set X-Forwarded-Method to the method of the request in its configuration.'
