import type { RedisServer } from '@holdfast/test-servers/redis'

/** A slot of a Cluster, and the server that has it. */
export interface SlotPlace {
  readonly slot: number
  readonly owner: RedisServer
}

/** The slot of a key, or of some key that is there. */
export async function slotOf(
  primaries: readonly RedisServer[],
  key: string | null,
  some: RedisServer,
): Promise<SlotPlace | null> {
  const found = key ?? (await some.command('RANDOMKEY'))
  if (typeof found !== 'string') return null
  const slot = Number(await some.command('CLUSTER', 'KEYSLOT', found))
  for (const owner of primaries) if (await owns(owner, slot)) return { slot, owner }
  return null
}

/** Moves a slot with all its keys, one after the other, while clients go on. */
export async function moveSlot(
  { slot, owner }: SlotPlace,
  to: RedisServer,
  primaries: readonly RedisServer[],
  pause: () => Promise<void>,
): Promise<void> {
  const set = (server: RedisServer, how: string, id: string): Promise<unknown> =>
    server.command('CLUSTER', 'SETSLOT', String(slot), how, id)
  const [from, next] = [await idOf(owner), await idOf(to)]
  await set(to, 'IMPORTING', from)
  await set(owner, 'MIGRATING', next)
  for (;;) {
    await pause()
    const keys = await owner.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '1')
    if (!Array.isArray(keys) || keys.length === 0) break
    const target = ['127.0.0.1', String(to.port), '', '0', '1000']
    await owner.command('MIGRATE', ...target, 'KEYS', ...keys.map(String))
  }
  const others = primaries.filter((each) => each !== to && each !== owner)
  for (const server of [to, owner, ...others]) await set(server, 'NODE', next)
}

async function idOf(node: RedisServer): Promise<string> {
  return String(await node.command('CLUSTER', 'MYID'))
}

/** `CLUSTER NODES` marks its own line and lists the slots at its end. */
async function owns(server: RedisServer, slot: number): Promise<boolean> {
  const lines = String(await server.command('CLUSTER', 'NODES')).split('\n')
  const own = lines.find((line) => line.includes('myself')) ?? ''
  return own
    .split(' ')
    .slice(8)
    .some((range) => {
      const [from = '', to = from] = range.split('-')
      return Number(from) <= slot && slot <= Number(to)
    })
}
