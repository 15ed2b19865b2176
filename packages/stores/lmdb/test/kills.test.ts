import assert from 'node:assert/strict'
import test from 'node:test'
import { runKills, type KillReport } from './lib/kills.js'

/** `npm run kills -w @holdfast/lmdb` kills 2,000; HOLDFAST_SEED repeats a run's moments. */
const KILLS = Number(process.env['HOLDFAST_KILLS'] ?? 40)
const SEED = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 2 ** 31)
const LANES = 2

function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function run(share: number, survivor: boolean): Promise<KillReport[]> {
  const kills = Math.ceil((KILLS * share) / LANES)
  const seed = SEED + (survivor ? 1000 : 0)
  return Promise.all(
    Array.from({ length: LANES }, (_, lane) => runKills(kills, randomFrom(seed + lane), survivor)),
  )
}

function summary(reports: readonly KillReport[]): string {
  const sum = (count: (report: KillReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  return [
    `seed ${SEED}`,
    `${sum(({ kills }) => kills)} kills (${sum(({ early }) => early)} before the folder was open)`,
    `${sum(({ acknowledged }) => acknowledged)} acknowledged writes of the killed`,
    `${sum(({ survivorWrites }) => survivorWrites)} of survivors`,
  ].join(', ')
}

test('a writer killed at any moment loses nothing that was acknowledged', async (t) => {
  const reports = await run(0.6, false)
  t.diagnostic(summary(reports))
  assert.deepEqual(
    reports.flatMap(({ problems }) => problems),
    [],
  )
})

test('a writer killed beside a living one neither harms nor blinds it', async (t) => {
  const reports = await run(0.4, true)
  t.diagnostic(summary(reports))
  assert.deepEqual(
    reports.flatMap(({ problems }) => problems),
    [],
  )
})
