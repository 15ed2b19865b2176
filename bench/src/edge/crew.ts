import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../databases/redis.js'
import { ask, end, start } from '../harness/child.js'
import type { Served, Serving, Started } from '../http/model.js'
import { cpuMicroseconds, familyOf } from './cpu.js'
import { startHoldfastd } from './holdfastd.js'

const RAW = new URL('./raw-crew.js', import.meta.url)
const TIME_LIMIT = 60_000

/** Several processes at one address: variants are `holdfastd:2`, for two workers, or `node:2`, for node:http that looks at nothing. */
export async function serveCrew({ row, node, folder, scale, key }: Serving): Promise<Served> {
  const [kind, text] = row.variant.split(':')
  const workers = Number(text)
  const { sessions } = scale
  if (kind === 'node') return serveRaw(node, { workers, sessions, key })
  const own = join(folder, 'daemon')
  mkdirSync(own, { mode: 0o700 })
  const port = await freePort()
  const options = { node, folder: own, core: null, workers, sessions, cache: null, port }
  const daemon = await startHoldfastd(options)
  const pids = familyOf(daemon.pid)
  const cpu = async (): Promise<Record<string, number>> => ({ cpu: cpuMicroseconds(pids) })
  return { port, cookies: daemon.cookies, database: null, cpu, stop: daemon.stop }
}

/** What the processes of node:http are told. */
export interface RawCrewInput {
  readonly workers: number
  readonly sessions: number
  readonly key: string
}

async function serveRaw(node: string, input: RawCrewInput): Promise<Served> {
  const child = start({ node, script: RAW, core: null })
  try {
    const { port, cookies } = await ask<Started>(child, input, TIME_LIMIT)
    const pids = familyOf(child.pid ?? 0)
    const cpu = async (): Promise<Record<string, number>> => ({ cpu: cpuMicroseconds(pids) })
    return { port, cookies, database: null, cpu, stop: () => end(child) }
  } catch (error) {
    await end(child)
    throw error
  }
}
