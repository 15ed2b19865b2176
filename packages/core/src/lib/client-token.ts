import type { Checked } from './checker.js'
import type { RequestFacts } from './engine.js'
import type { RandomText } from './random.js'
import type { SessionRecord } from './record.js'
import { openSuccessor, sealSuccessor } from './seal.js'
import { ID_LENGTH, type TokenKeys, VERIFIER_LENGTH, verifierHash, verifierOf } from './token.js'

/** What the transport does with the cookie of this response. */
export type CookieAction =
  | { readonly kind: 'none' }
  /** `maxAge` in milliseconds; null for a cookie that ends with the browser. */
  | { readonly kind: 'set'; readonly token: string; readonly maxAge: number | null }
  | { readonly kind: 'expire' }

/** The cookie stays as it is. */
export const NO_ACTION: CookieAction = { kind: 'none' }

/** Id and verifier of a session that is about to start. */
export interface Minted {
  readonly id: string
  readonly verifier: string
}

/** The token of one request: what the client came with, and what the response gives it. */
export class ClientToken {
  /** How the client's token stands; null if it has none that counts. */
  standing: 'current' | 'previous' | null = null
  readonly #keys: TokenKeys
  readonly #random: RandomText
  #held: string | null = null
  #outgoing: string | null = null
  #minted: Minted | null = null
  #expires = false

  constructor(keys: TokenKeys, random: RandomText, checked: Checked) {
    this.#keys = keys
    this.#random = random
    if (checked.standing === 'current' || checked.standing === 'previous') {
      this.#held = checked.token
      this.standing = checked.standing
    }
  }

  /** Whether the client's cookie stays as it is. */
  get settled(): boolean {
    return this.#outgoing === null && this.standing !== 'previous' && !this.#expires
  }

  /** Whether this response hands out a token already. */
  get replaced(): boolean {
    return this.#outgoing !== null
  }

  /** Id and verifier for a new session: the same ones until {@link ClientToken.forgetMinted}. */
  mint(): Minted {
    this.#minted ??= {
      id: this.#random.base62(ID_LENGTH),
      verifier: this.verifier(),
    }
    return this.#minted
  }

  forgetMinted(): void {
    this.#minted = null
  }

  /** A new random verifier. */
  verifier(): string {
    return this.#random.base62(VERIFIER_LENGTH)
  }

  /** `successor`, sealed for whoever presents the client's token again. */
  seal(successor: string, id: string): string {
    return sealSuccessor(successor, verifierOf(this.#held ?? ''), id, this.#random)
  }

  /** The session's present token is now the one with `verifier`, and the client gets it. */
  adopt(record: SessionRecord, verifier: string): void {
    this.handOut(record, verifier)
    this.#held = this.#outgoing
    this.standing = 'current'
    this.#minted = null
    this.#expires = false
  }

  /** The client gets the token with `verifier`, and may go on with the one it has until it uses that. */
  handOut(record: SessionRecord, verifier: string): void {
    this.#outgoing = this.#keys.issue(record.id, verifier)
  }

  /** The record has another verifier than it had: another request renewed or replaced the token. */
  stand(record: SessionRecord): void {
    if (this.#held === null) return
    this.standing =
      verifierHash(verifierOf(this.#held)) === record.verifierHash ? 'current' : 'previous'
  }

  /** The session is gone, for this request at least. */
  drop(): void {
    this.#held = null
    this.standing = null
    this.#outgoing = null
    this.#minted = null
  }

  /** The client's cookie, if it sent one, is to be deleted, unless it gets a new one. */
  expire({ token, rejection }: RequestFacts): void {
    this.#expires = token !== null || rejection !== null
  }

  /** What becomes of the cookie. Never deletes one that another request may have set since. */
  action(record: SessionRecord | null, now: number): CookieAction {
    const token = record === null ? null : (this.#outgoing ?? this.#successor(record))
    if (record === null || token === null) return this.#expires ? { kind: 'expire' } : NO_ACTION
    const left = Math.max(0, record.absoluteDeadline - now)
    return { kind: 'set', token, maxAge: record.persistent ? left : null }
  }

  /** The present token, for a client that came with the previous one. */
  #successor({ id, previous }: SessionRecord): string | null {
    const sealed = previous?.sealed ?? null
    if (this.standing !== 'previous' || this.#held === null || sealed === null) return null
    const verifier = openSuccessor(sealed, verifierOf(this.#held), id)
    return verifier === null ? null : this.#keys.issue(id, verifier)
  }
}
