const WANTED = 0
const STATE = 1

const IDLE = 0
const BUSY = 1
const HALTED = 2

/**
 * What the writing thread and the main thread share. A thread that is ended in the midst of a transaction keeps the
 * folder's lock for ever: for this process, which then hangs when it exits, and for every other. So the main thread halts
 * it between two transactions before it lets it end.
 */
export class Gate {
  readonly cells: Int32Array

  constructor(cells: Int32Array = new Int32Array(new SharedArrayBuffer(8))) {
    this.cells = cells
  }

  /** In the writing thread: runs `work`, or waits for its end if it has been halted. */
  pass<T>(work: () => T): T {
    if (Atomics.compareExchange(this.cells, STATE, IDLE, BUSY) !== IDLE)
      Atomics.wait(this.cells, STATE, HALTED)
    try {
      return work()
    } finally {
      Atomics.store(this.cells, STATE, IDLE)
      Atomics.notify(this.cells, STATE)
    }
  }

  /** In the main thread: lets no further work begin, and waits for what is being done; false if that takes too long. */
  halt(timeout: number): boolean {
    const end = performance.now() + timeout
    for (;;) {
      if (Atomics.compareExchange(this.cells, STATE, IDLE, HALTED) !== BUSY) return true
      const left = end - performance.now()
      if (left <= 0) return false
      Atomics.wait(this.cells, STATE, BUSY, left)
    }
  }

  /** Groups below `group` have been given up. */
  giveUpBelow(group: number): void {
    Atomics.store(this.cells, WANTED, group)
  }

  isWanted(group: number): boolean {
    return group >= Atomics.load(this.cells, WANTED)
  }
}
