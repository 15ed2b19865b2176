import type { JsonValue, Session, Sessions } from '@holdfast/core'

/** What steps may use beside the session of their request. */
export interface Surroundings {
  readonly sessions: Sessions
  /** Waits until the gate is opened. */
  readonly wait: (gate: string) => Promise<void>
}

type Step = (
  session: Session,
  args: readonly string[],
  around: Surroundings,
) => JsonValue | void | Promise<JsonValue | void>

/** What a request can ask the application to do with its session: `?do=set+cart+3&do=me`. */
const STEPS: Readonly<Record<string, Step>> = {
  wait: (_session, [gate = ''], { wait }) => wait(gate),
  me: ({ id, subject }) => ({ id, subject }),
  get: (session, [key = '']) => session.get(key) ?? null,
  set: (session, [key = '', value = '']) => session.set(key, value),
  unset: (session, [key = '']) => session.unset(key),
  count: async (session, [key = '']) =>
    (await session.update(key, (value) => (typeof value === 'number' ? value : 0) + 1)) ?? null,
  login: (session, [subject = '']) => session.authenticate(subject),
  reauthenticate: (session) => session.reauthenticate(),
  rotate: (session) => session.rotate(),
  touch: (session) => session.touch(),
  // Whether there was one: the token may have been replaced meanwhile.
  async logout(session) {
    const { id } = session
    await session.revoke('logout')
    return id !== null
  },
  revoke: (_session, [id = ''], { sessions }) => sessions.revoke(id, { reason: 'logout' }),
}

/** Takes the steps of a URL in turn; gives what each gave. */
export async function takeSteps(
  url: string,
  session: Session,
  around: Surroundings,
): Promise<readonly JsonValue[]> {
  const out: JsonValue[] = []
  for (const text of new URL(url, 'http://app').searchParams.getAll('do')) {
    const [name = '', ...args] = text.split(' ')
    const step = STEPS[name]
    if (step === undefined) throw new Error(`there is no step '${name}'`)
    out.push((await step(session, args, around)) ?? null)
  }
  return out
}
