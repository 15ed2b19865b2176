import type { TestContext } from 'node:test'
import { until } from '@holdfast/test-servers/wait'
import type { Visitor } from './client.js'
import type { World } from './world.js'

export interface Load {
  /** Waits for so many more answers. */
  more(count: number): Promise<void>
  /** Wrong answers: 200 for a stranger, or what is neither served nor refused. */
  stop(): Promise<{ readonly wrong: readonly string[]; readonly refused: number }>
}

/** Requests of somebody who is signed in and of a stranger, one after the other, four at a time. */
export function startLoad(t: TestContext, world: World, known: Visitor): Load {
  const ended = new AbortController()
  t.after(() => ended.abort())
  let count = 0
  let refused = 0
  const wrong: string[] = []
  const { cookie } = known
  const run = async (): Promise<void> => {
    const visitor = world.visitor()
    while (!ended.signal.aborted) {
      const signedIn = Math.random() < 0.5
      const headers: Record<string, string> = signedIn ? { Cookie: cookie ?? '' } : {}
      const outcome = await visitor.ask('/echo/', { headers }).then(
        ({ status }) => String(status),
        (error: unknown) => String(error),
      )
      count += 1
      if (outcome === (signedIn ? '200' : '401')) continue
      if (outcome === '503') refused += 1
      else wrong.push(`${signedIn ? 'known' : 'stranger'}: ${outcome}`)
    }
  }
  const runs = Array.from({ length: 4 }, run)
  return {
    more: async (more) => {
      const end = count + more
      await until(() => count >= end, 'more requests are answered')
    },
    stop: async () => {
      ended.abort()
      await Promise.all(runs)
      return { wrong: wrong.slice(0, 10), refused }
    },
  }
}
