import * as fc from 'fast-check'
import type { SuiteSettings } from '../options.js'

/** How many schedules share one store at a time, so that a durable store can group their commits. */
const BATCH = 20

/** Turns of the event loop without anything to release, before the next ones are waited for. */
const PATIENT = 20

export interface Exploration<Plan> {
  readonly settings: SuiteSettings
  /** How many schedules in all. */
  readonly count: number
  /** What differs from one schedule to the next, beside the order of things. */
  readonly plan: fc.Arbitrary<Plan>
  /** One schedule; `n` is different for each. Rejects where the race broke something. */
  readonly race: (plan: Plan, scheduler: fc.Scheduler, n: number) => Promise<void>
  /** Schedules at a time. Default 20; 1 where one would disturb the next. */
  readonly batch?: number
}

/** Runs a race under many schedules, several at a time, each with a scheduler of its own. */
export async function explore<Plan>(exploration: Exploration<Plan>): Promise<void> {
  const { settings, count, plan, race } = exploration
  const batch = Math.min(exploration.batch ?? BATCH, count)
  let n = 0
  const one = fc.record({ plan, scheduler: fc.scheduler() })
  const several = fc.array(one, { minLength: batch, maxLength: batch })
  const property = fc.asyncProperty(several, async (schedules) => {
    const runs = schedules.map((each) => {
      n += 1
      return described(each, race(each.plan, each.scheduler, n))
    })
    const outcomes = await Promise.allSettled(runs)
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  })
  await fc.assert(property, {
    numRuns: Math.ceil(count / batch),
    seed: settings.seed,
    // The seed and the path show it again; smaller plans would meet other random tokens.
    endOnFailure: true,
    includeErrorInReport: true,
    asyncReporter: (details) => report(details),
  })
}

/** Names the schedule among those of the batch that went wrong. */
async function described(
  { plan, scheduler }: { readonly plan: unknown; readonly scheduler: fc.Scheduler },
  run: Promise<void>,
): Promise<void> {
  try {
    await run
  } catch (error) {
    const log = fc.stringify(scheduler)
    await drain(scheduler)
    const found = error instanceof Error ? error.message : String(error)
    const message = `${found}\n\nplan: ${fc.stringify(plan)}\n${log}`
    throw new Error(message, { cause: error })
  }
}

/** The failure with its seed, without the other schedules of the batch. */
function report<T>(details: fc.RunDetails<T>): Promise<void> {
  if (!details.failed) return Promise.resolve()
  const { seed, numRuns, counterexamplePath, errorInstance } = details
  const found = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return Promise.reject(
    new Error(
      `${found}\n\nseed ${seed}, batch ${numRuns}, path ${counterexamplePath}: give the seed to storeCases to see it again`,
      { cause: errorInstance },
    ),
  )
}

/**
 * Releases scheduled steps one by one until `task` is done. Between two steps everything that can run does run, so that
 * all requests stand at a store call, or at its answer, when the next one is chosen.
 */
export async function drive(scheduler: fc.Scheduler, task: Promise<unknown>): Promise<void> {
  const race = { done: false }
  const settled = task.finally(() => {
    race.done = true
  })
  settled.catch(() => undefined)
  for (let idle = 0; !race.done; idle++) {
    if (scheduler.count() > 0) {
      await scheduler.waitOne()
      idle = 0
    }
    // A store that is waiting for its disk needs the processor more than this loop.
    await (idle < PATIENT ? everythingElse() : aMillisecond())
  }
  await settled
}

/** Lets the calls of a race that has failed come to their end, so that none is left waiting. */
async function drain(scheduler: fc.Scheduler): Promise<void> {
  for (let idle = 0; idle < 10; idle++) {
    while (scheduler.count() > 0) {
      await scheduler.waitOne()
      idle = 0
    }
    await everythingElse()
  }
}

function everythingElse(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function aMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1)
  })
}
