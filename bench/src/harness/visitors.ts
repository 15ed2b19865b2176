import type { Sessions } from '@holdfast/core'
import type { RequestFacts } from '@holdfast/core/engine'

export const COOKIE = '__Host-session'
const USER_AGENT_LENGTH = 120
const USER_AGENTS = 1000

/** A request of visitor `index` who has no session yet. */
class Visitor implements RequestFacts {
  readonly token = null
  readonly rejection = null
  readonly countsAsActivity = true
  readonly refusal = null
  readonly #index: number

  constructor(index: number) {
    this.#index = index
  }

  get address(): string {
    return address(this.#index)
  }

  get userAgent(): string {
    return userAgent(this.#index)
  }
}

export function subject(index: number): string {
  return `user-${String(index).padStart(7, '0')}`
}

export function address(index: number): string {
  return flat(`203.0.${(index >> 8) % 256}.${index % 256}`)
}

/** One of 1,000 user agents of 120 characters; a new string each time, as a server's parser makes it. */
export function userAgent(index: number): string {
  const kind = index % USER_AGENTS
  const system =
    kind % 2 === 0 ? 'Windows NT 10.0; Win64; x64' : 'Macintosh; Intel Mac OS X 10_15_7'
  const head = `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.`
  const tail = ' Safari/537.36'
  const build = '7'.repeat(USER_AGENT_LENGTH)
  return flat(`${head}${kind}.${build}`.slice(0, USER_AGENT_LENGTH - tail.length) + tail)
}

/** The Cookie header that a browser sends with `token`, amid what analytics and consent tools leave there. */
export function cookieHeader(token: string, name: string = COOKIE): string {
  return flat(
    `_ga=GA1.1.1029384756.1731000000; consent=necessary.statistics; ${name}=${token}; theme=dark`,
  )
}

/** In one piece, as strings from the network are; a concatenation would cost its first reader more. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** Signs visitors in, `lanes` at a time, and gives their tokens to `keep`. */
export async function signIn<Data extends object>(
  sessions: Sessions<Data>,
  count: number,
  keep: (token: string, index: number) => void,
  lanes = 500,
): Promise<void> {
  const keys = sessions.tokenKeys(COOKIE)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const open = await sessions.open(keys, new Visitor(index))
      await open.authenticate(subject(index), { methods: ['pwd'] })
      const action = open.finish()
      if (action.kind !== 'set') throw new Error('a sign-in gave no cookie')
      keep(action.token, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane))
}
