import type { MaybePromise } from '@holdfast/core'
import type { SessionRecord, SessionStore } from '@holdfast/core/store'
import { broken, emptyRecord, saver, turn } from './break.js'

/** A store with one deliberate fault, and the cases that must find it. */
export interface BrokenStore {
  readonly fault: string
  readonly open: () => SessionStore
  readonly caughtBy: readonly string[]
}

function withEpochOf(epoch: MaybePromise<number>): number {
  return typeof epoch === 'number' ? epoch : 0
}

export const BROKEN_STORES: readonly BrokenStore[] = [
  {
    fault: 'update creates what is missing',
    open: broken((store) => {
      const made = new Map<string, SessionRecord>()
      return {
        find: async (id) => (await store.find(id)) ?? made.get(id) ?? null,
        async update(id, change) {
          const result = await store.update(id, change)
          const like = await store.find('a'.padEnd(22, '0'))
          if (result.status === 'missing') made.set(id, like ?? emptyRecord(id, change.now))
          return result
        },
      }
    }),
    caughtBy: ["update: an unknown id is 'missing'", 'model:'],
  },
  {
    fault: 'revoke deletes instead of leaving a tombstone',
    open: broken((store) => {
      const gone = new Set<string>()
      return {
        find: (id) => (gone.has(id) ? null : store.find(id)),
        revoke(target, ending) {
          if (target.kind === 'session') gone.add(target.id)
          return store.revoke(target, ending)
        },
      }
    }),
    caughtBy: ['revoke: ends one live session', 'races: nothing in flight', 'model:'],
  },
  {
    fault: 'insert overwrites',
    open: broken((store) => {
      const over = new Map<string, SessionRecord>()
      return {
        find: (id) => over.get(id) ?? store.find(id),
        async insert(record, admission) {
          const result = await store.insert(record, admission)
          if (result.status !== 'exists') return result
          over.set(record.id, record)
          return { status: 'inserted', evicted: [] }
        },
      }
    }),
    caughtBy: ["insert: a taken id is 'exists'", 'insert: of ten inserts', 'model:'],
  },
  {
    fault: 'update reads, then writes the whole record (lost updates, resurrection)',
    open: broken(saver(false)),
    caughtBy: [
      'data: 100 updates at once',
      'revoke: updates at once with a revocation',
      'races: nothing in flight brings a session back after logout',
      'races: 100 parallel requests set 100 keys',
    ],
  },
  {
    fault: 'a write revives an ended session',
    open: broken(saver(true)),
    caughtBy: [
      "update: an ended session is 'ended'",
      'races: nothing in flight brings a session back after logout',
    ],
  },
  {
    fault: 'rotate without comparing the present verifier',
    open: broken((store) => ({
      async update(id, change) {
        const found = await store.find(id)
        if (change.rotate === undefined || found === null) return await store.update(id, change)
        const rotate = { ...change.rotate, ifVerifierHash: found.verifierHash }
        return await store.update(id, { ...change, rotate })
      },
    })),
    caughtBy: ['rotate: is left out unless', 'races: 2 to 200 requests around a renewal', 'model:'],
  },
  {
    fault: 'the limit is looked at before the insert, not in it',
    open: broken((store) => ({
      async insert(record, { now, limit }) {
        const page = { limit: 1000, now }
        const { records } = await store.list(record.subject ?? '', page)
        const full = limit?.onLimit === 'reject' && records.length >= limit.max
        await turn()
        return full ? { status: 'limit' } : await store.insert(record, { now, limit: null })
      },
    })),
    caughtBy: ['limit: 40 logins at once', 'races: parallel logins never exceed the limit'],
  },
  {
    fault: 'list shows ended sessions',
    open: broken((store) => ({
      list: (subject, page) => store.list(subject, { ...page, includeEnded: true }),
    })),
    caughtBy: ['list: ended and expired sessions only where', 'model:'],
  },
  {
    fault: 'sweep deletes sessions that were touched',
    open: broken((store) => {
      const deadlines = new Map<string, number>()
      const gone = new Set<string>()
      return {
        find: (id) => (gone.has(id) ? null : store.find(id)),
        insert(record, admission) {
          deadlines.set(record.id, record.idleDeadline)
          return store.insert(record, admission)
        },
        sweep(now, limit) {
          for (const [id, deadline] of deadlines) if (deadline <= now) gone.add(id)
          return store.sweep(now, limit)
        },
      }
    }),
    caughtBy: ['sweep: a record that was touched', 'races: sweeps in the midst', 'model:'],
  },
  {
    fault: 'a revocation of everyone is forgotten',
    open: broken((store) => ({
      revoke: (target, ending) =>
        target.kind === 'everyone' ? null : store.revoke(target, ending),
    })),
    caughtBy: [
      'revoke everyone: ends every session',
      'races: nothing in flight brings a session back after revokeEveryone',
      'model:',
    ],
  },
  {
    fault: 'logins that began before a revocation are let in',
    open: broken((store) => ({
      insert: (record, admission) =>
        store.insert({ ...record, epoch: withEpochOf(store.epoch()) }, admission),
      update(id, change) {
        const { authenticate } = change
        if (authenticate === undefined) return store.update(id, change)
        const epoch = withEpochOf(store.epoch())
        return store.update(id, { ...change, authenticate: { ...authenticate, epoch } })
      },
    })),
    caughtBy: [
      'epoch: a revocation of a subject refuses logins',
      'epoch: a revocation of a subject refuses sign-ins',
      'races: no login that began before a revokeAll',
      'model:',
    ],
  },
  {
    fault: 'activity lengthens the whole life',
    open: broken((store) => {
      const longer = (record: SessionRecord): SessionRecord => ({
        ...record,
        absoluteDeadline: record.absoluteDeadline + record.lastSeenAt - record.createdAt,
      })
      return {
        async find(id) {
          const record = await store.find(id)
          return record === null ? null : longer(record)
        },
      }
    }),
    caughtBy: ['touch: moves lastSeenAt', 'races: nothing moves the absolute end', 'model:'],
  },
  {
    fault: 'writes of before a sign-in are applied after it',
    open: broken((store) => ({
      update: (id, { ifGeneration: _, ...change }) => store.update(id, change),
    })),
    caughtBy: ['update: ifGeneration applies', 'races: a write of the anonymous session', 'model:'],
  },
  {
    fault: 'ifVersion is ignored',
    open: broken((store) => ({
      update: (id, { ifVersion: _, ...change }) => store.update(id, change),
    })),
    caughtBy: ['update: ifVersion applies', 'races: update(key, fn) in two processes', 'model:'],
  },
  {
    fault: 'maxDataBytes is ignored',
    open: broken((store) => ({
      update: (id, { maxDataBytes: _, ...change }) => store.update(id, change),
    })),
    caughtBy: ['data: more bytes than maxDataBytes', 'model:'],
  },
  {
    fault: 'sweep knows no bounds',
    open: broken((store) => ({ sweep: (now, limit) => store.sweep(now, limit * 100) })),
    caughtBy: ['sweep: is bounded', 'model:'],
  },
  {
    fault: 'subjects are compared without their case',
    open: broken((store) => ({
      insert: (record, admission) =>
        store.insert({ ...record, subject: record.subject?.toLowerCase() ?? null }, admission),
    })),
    caughtBy: ['list: subjects with odd characters'],
  },
  {
    fault: 'revoke of a subject ends no more than 1,000',
    open: broken((store) => ({
      async revoke(target, ending) {
        if (target.kind !== 'subject') return await store.revoke(target, ending)
        const { records } = await store.list(target.subject, { limit: 1000, now: ending.at })
        let count = 0
        for (const { id } of records)
          if (id !== target.except)
            count += (await store.revoke({ kind: 'session', id }, ending)) ?? 0
        return count
      },
    })),
    caughtBy: ['revoke subject: 1,500 sessions', 'epoch: grows', 'model:'],
  },
  {
    fault: 'changes are not pushed',
    open: broken(() => ({ watch: () => () => undefined })),
    caughtBy: ['watch: where push is promised'],
  },
  {
    fault: 'close leaves the store open',
    open: broken(() => ({ close: () => undefined })),
    caughtBy: ['close: calls after it fail'],
  },
]
