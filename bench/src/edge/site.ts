import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Served, Serving } from '../http/model.js'
import { type OneServer, startOne } from '../http/one-server.js'
import { anonymous } from '../http/variants/anonymous.js'
import { cpuMicroseconds, familyOf } from './cpu.js'
import { startHoldfastd } from './holdfastd.js'
import { findNginx, startNginx } from './nginx.js'

/** Different visitors, each of whom nginx keeps a check of its own for. */
const VISITORS = 1000

/** Who answers checks. */
interface Checker {
  readonly socket: string
  readonly cookies: readonly string[]
  readonly cpu: () => Promise<number>
  readonly stop: () => Promise<void>
}

/**
 * nginx with one worker, its application and who it asks: variants are `site:file` or `site:app`, then `:memory`, `:lmdb` or
 * `:cached` where requests are checked. nginx has a core of its own; all the others share that of the load generator.
 */
export async function serveSite(serving: Serving): Promise<Served> {
  const { row, node, folder, key, pinned } = serving
  const program = findNginx()
  if (program === null) throw new Error('there is no nginx')
  const core = pinned ? 1 : null
  const appSocket = join(folder, 'app')
  const open: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const each of open.toReversed()) await each()
  }
  try {
    const input = { variant: 'raw-node', sessions: 1, folder, key, database: null }
    const app = await startOne(node, core, { ...input, socket: appSocket })
    open.push(() => app.stop())
    const checker = await startChecker(serving, core)
    open.push(() => checker.stop())
    const site = await startNginx({
      program,
      folder: join(folder, 'nginx'),
      core: pinned ? 0 : null,
      checkSocket: checker.socket,
      appSocket,
      checked: row.variant.split(':').length > 2,
      cached: row.variant.endsWith(':cached'),
    })
    open.push(() => site.stop())
    const cpu = async (): Promise<Record<string, number>> => ({
      // It listens before its worker is there, so that this is looked up each time.
      cpu: cpuMicroseconds(familyOf(site.pid)),
      checkCpu: await checker.cpu(),
    })
    return { port: site.port, cookies: checker.cookies, database: null, cpu, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startChecker(serving: Serving, core: number | null): Promise<Checker> {
  const { row, node, folder, scale, key } = serving
  const sessions = Math.min(VISITORS, scale.sessions)
  const [, , kind] = row.variant.split(':')
  if (kind === undefined) return nobody(sessions)
  if (kind === 'memory') {
    const socket = join(folder, 'check')
    const input = { variant: 'check-door:memory', sessions, folder, key, database: null }
    const server: OneServer = await startOne(node, core, { ...input, socket })
    return { ...server, socket }
  }
  const own = join(folder, 'daemon')
  mkdirSync(own, { mode: 0o700 })
  const cache = kind === 'cached' ? '1s' : null
  const options = { node, folder: own, core, workers: 1, sessions, cache, port: null }
  const daemon = await startHoldfastd(options)
  const pids = familyOf(daemon.pid)
  const { checkSocket: socket, cookies, stop } = daemon
  return { socket, cookies, stop, cpu: async () => cpuMicroseconds(pids) }
}

/** Nothing is asked: requests have cookies all the same. */
function nobody(sessions: number): Checker {
  return {
    socket: '/nowhere',
    cookies: anonymous(sessions),
    cpu: async () => NaN,
    stop: async () => undefined,
  }
}
