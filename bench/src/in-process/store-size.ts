import { RedisStore } from 'connect-redis'
import { nodeRedisOf, storeOn } from '../databases/clients.js'
import type { DatabaseAddress } from '../databases/model.js'
import { sizeOf } from '../databases/size.js'
import { signIn } from '../harness/visitors.js'
import { signInAll } from '../http/variants/peer-sessions.js'
import type { Figures, MeasureInput } from '../model.js'
import { manager, requireDatabase } from './setup.js'

const FIRST = 100

/** What the database needs for one more session, its place in every index included. */
export async function measure(input: MeasureInput): Promise<Figures> {
  const address = requireDatabase(input.database)
  const fill = await (input.variant === 'connect-redis'
    ? peer(address, input)
    : own(address, input))
  // What is made once, such as scripts and the first pages, is no session's.
  await fill(FIRST)
  const before = await sizeOf(address)
  const start = performance.now()
  await fill(input.count)
  const micros = ((performance.now() - start) * 1000) / input.count
  return { bytes: ((await sizeOf(address)) - before) / input.count, micros }
}

type Fill = (count: number) => Promise<unknown>

function own(address: DatabaseAddress, input: MeasureInput): Promise<Fill> {
  const sessions = manager(input, storeOn(address), { sweepInterval: Infinity })
  return Promise.resolve((count) => signIn(sessions, count, () => undefined))
}

async function peer(address: DatabaseAddress, { key }: MeasureInput): Promise<Fill> {
  const store = new RedisStore({ client: await nodeRedisOf(address) })
  return (sessions) => signInAll(store, { sessions, key }, (signed) => signed)
}
