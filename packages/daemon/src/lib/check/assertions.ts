import { expiresAt, type SessionRecord } from '@holdfast/core/store'
import { type AssertionKey, AssertionSigner } from '@holdfast/protocol'
import type { DaemonParts } from '../parts.js'
import type { AppSettings } from '../settings.js'

/** Web servers keep the headers of an answer in 4 KiB unless they are told otherwise. */
const LONGEST = 3_000

/** Says who is signed in, to one application. */
export class Assertions {
  readonly #app: AppSettings
  readonly #keys: DaemonParts['assertionKeys']
  readonly #lifetime: number
  #key: AssertionKey | undefined
  #signer: AssertionSigner | undefined

  constructor(app: AppSettings, { settings, assertionKeys }: DaemonParts) {
    this.#app = app
    this.#keys = assertionKeys
    this.#lifetime = Math.ceil(settings.check.assertionLifetime / 1000)
  }

  /** The assertion about a signed-in session; it ends with it. */
  make(record: SessionRecord, subject: string, now: number): string {
    const at = Math.floor(now / 1000)
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
    const signer = this.#present()
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
      this.#signer = new AssertionSigner(key)
    }
    return this.#signer
  }
}
