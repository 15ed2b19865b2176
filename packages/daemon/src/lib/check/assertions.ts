import { expiresAt, type SessionRecord } from '@holdfast/core/store'
import { type AssertionKey, AssertionSigner } from '@holdfast/protocol'
import type { DaemonParts } from '../parts.js'
import type { AppSettings } from '../settings.js'

/** Web servers keep the headers of an answer in 4 KiB unless they are told otherwise. */
const LONGEST = 3_000

/** Sessions of one second whose assertions are kept. */
const MOST_SAID = 8_192

/** Says who is signed in, to one application. */
export class Assertions {
  readonly #app: AppSettings
  readonly #keys: DaemonParts['assertionKeys']
  readonly #lifetime: number
  #key: AssertionKey | undefined
  #signer: AssertionSigner | undefined
  /** What has been said in this second, by the record itself: one that has changed is another. A page is followed by all that is on it. */
  #said = new Map<SessionRecord, string>()
  #second = 0

  constructor(app: AppSettings, { settings, assertionKeys }: DaemonParts) {
    this.#app = app
    this.#keys = assertionKeys
    this.#lifetime = Math.ceil(settings.check.assertionLifetime / 1000)
  }

  /** The assertion about a signed-in session; it ends with it. */
  make(record: SessionRecord, subject: string, now: number): string {
    const signer = this.#present()
    const at = Math.floor(now / 1000)
    if (at !== this.#second) {
      this.#second = at
      this.#said = new Map()
    }
    const said = this.#said.get(record)
    if (said !== undefined) return said
    const text = this.#sign(signer, record, subject, at)
    if (this.#said.size < MOST_SAID) this.#said.set(record, text)
    return text
  }

  #sign(signer: AssertionSigner, record: SessionRecord, subject: string, at: number): string {
    const end = Math.floor(expiresAt(record) / 1000)
    const assertion = {
      aud: this.#app.name,
      sub: subject,
      sid: record.id,
      ns: this.#app.namespace,
      iat: at,
      exp: Math.min(at + this.#lifetime, end),
      auth_time: Math.floor((record.authenticatedAt ?? 0) / 1000),
      amr: record.methods,
    }
    const text = signer.sign(assertion)
    // Only names of methods can be so long; without them an application trusts the session less, not more.
    return text.length > LONGEST ? signer.sign({ ...assertion, amr: [] }) : text
  }

  /** The signer under the newest key. */
  #present(): AssertionSigner {
    const [key] = this.#keys(this.#app.name)
    if (key === undefined) throw new TypeError('there is no key for assertions')
    if (this.#signer === undefined || key !== this.#key) {
      this.#key = key
      this.#said = new Map()
      this.#signer = new AssertionSigner(key)
    }
    return this.#signer
  }
}
