import { type Grant, recordOf } from './grant.js'

/** What tabs of one client tell one another. */
export type Message =
  /** Somebody signed in (`fresh`), or the token was renewed; `counted` when that reported the user's activity. */
  | {
      readonly kind: 'grant'
      readonly grant: Grant
      readonly fresh: boolean
      readonly counted: boolean
    }
  /** Nobody is signed in any more. */
  | { readonly kind: 'end'; readonly reason: string | null }
  /** Who has a token? */
  | { readonly kind: 'ask' }
  /** The server wants to be left alone for `wait` milliseconds. */
  | { readonly kind: 'busy'; readonly wait: number }
  /** The user did something, for the first time since the server was told. */
  | { readonly kind: 'active' }

const KINDS = new Set<unknown>(['grant', 'end', 'ask', 'busy', 'active'])

/** The other tabs. Where the browser has no BroadcastChannel there are none, and each tab asks the server for itself. */
export class Channel {
  readonly #name: string
  readonly #receive: (message: Message) => void
  #channel: BroadcastChannel | null = null

  constructor(name: string, receive: (message: Message) => void) {
    this.#name = name
    this.#receive = receive
    this.open()
  }

  open(): void {
    if (this.#channel !== null || typeof BroadcastChannel === 'undefined') return
    this.#channel = new BroadcastChannel(this.#name)
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isMessage(data)) this.#receive(data)
    })
  }

  /** A page with an open channel may not be kept in the browser's cache. */
  close(): void {
    this.#channel?.close()
    this.#channel = null
  }

  send(message: Message): void {
    this.#channel?.postMessage(message)
  }
}

/** The name of the channel carries the version of these shapes, so that the kind is all there is to check. */
function isMessage(data: unknown): data is Message {
  return KINDS.has(recordOf(data)['kind'])
}
