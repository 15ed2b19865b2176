const SLOT = 1000

/** Ids by the second in which they fall due; the seconds themselves in a binary heap, earliest first. */
export class Schedule {
  readonly #slots = new Map<number, string[]>()
  readonly #heap: number[] = []

  add(id: string, at: number): void {
    const slot = Math.ceil(at / SLOT)
    const ids = this.#slots.get(slot)
    if (ids !== undefined) {
      ids.push(id)
      return
    }
    this.#slots.set(slot, [id])
    this.#push(slot)
  }

  /** Takes at most `limit` ids that are due at `now`. */
  take(now: number, limit: number): readonly string[] {
    const taken: string[] = []
    for (;;) {
      const slot = this.#heap[0]
      if (slot === undefined || slot * SLOT > now || taken.length === limit) return taken
      const ids = this.#slots.get(slot) ?? []
      taken.push(...ids.splice(0, limit - taken.length))
      if (ids.length === 0) {
        this.#slots.delete(slot)
        this.#pop()
      }
    }
  }

  #push(slot: number): void {
    const heap = this.#heap
    let at = heap.push(slot) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] ?? slot
      if (above <= slot) break
      heap[at] = above
      at = parent
    }
    heap[at] = slot
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = at * 2 + 1
      const right = left + 1
      const child = (heap[right] ?? Infinity) < (heap[left] ?? Infinity) ? right : left
      const below = heap[child]
      if (below === undefined || below >= last) break
      heap[at] = below
      at = child
    }
    heap[at] = last
  }
}
