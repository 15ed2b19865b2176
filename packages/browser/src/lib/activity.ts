/** What people do, as opposed to what scripts and timers do. */
const EVENTS = ['pointerdown', 'click', 'keydown', 'wheel', 'touchmove']

/** Whether the user has done something that the server has not been told of, in this tab or in another. */
export class Activity {
  readonly #onFirst: () => void
  /** Loading the page is the first thing that the user does in it. */
  pending = true

  constructor(onFirst: () => void, signal: AbortSignal) {
    this.#onFirst = onFirst
    for (const event of EVENTS)
      addEventListener(event, this.#notice, { capture: true, passive: true, signal })
  }

  /** The first of many events does something, the others cost nothing. Events that scripts make up do not count. */
  readonly #notice = ({ isTrusted }: Event): void => {
    if (this.pending || !isTrusted) return
    this.pending = true
    this.#onFirst()
  }
}
