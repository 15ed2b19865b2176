import { applyChange, ended, type SessionRecord, type SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'

/** The memory store with some methods of its own. */
export function broken(change: (store: SessionStore) => Partial<SessionStore>): () => SessionStore {
  return () => {
    const store = memoryStore()
    return {
      capabilities: store.capabilities,
      insert: (record, admission) => store.insert(record, admission),
      find: (id) => store.find(id),
      update: (id, each) => store.update(id, each),
      revoke: (target, ending) => store.revoke(target, ending),
      list: (subject, page) => store.list(subject, page),
      sweep: (now, limit) => store.sweep(now, limit),
      epoch: () => store.epoch(),
      watch: (listener) => store.watch?.(listener) ?? (() => undefined),
      close: () => store.close(),
      ...change(store),
    }
  }
}

export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Reads, gives way, and writes the whole record back, as many session libraries do. */
export function saver(revives: boolean): (store: SessionStore) => Partial<SessionStore> {
  return (store) => {
    const saved = new Map<string, SessionRecord>()
    const find = async (id: string): Promise<SessionRecord | null> =>
      saved.get(id) ?? (await store.find(id))
    return {
      find,
      async update(id, change) {
        const record = await find(id)
        if (record === null) return { status: 'missing' }
        await turn()
        const outcome = applyChange(revives ? { ...record, revokedAt: null } : record, change)
        if (outcome.status === 'too_large') return outcome
        if (outcome.status !== 'updated') return { status: outcome.status, record }
        saved.set(id, outcome.record)
        return { status: 'updated', record: outcome.record, evicted: [] }
      },
      async revoke(target, ending) {
        const count = await store.revoke(target, ending)
        for (const [id, record] of saved) {
          const theirs = target.kind === 'subject' && target.subject === record.subject
          if (
            target.kind === 'everyone' ||
            theirs ||
            (target.kind === 'session' && target.id === id)
          )
            saved.set(id, ended(record, ending))
        }
        return count
      },
    }
  }
}

/** A record that nobody asked for. */
export function emptyRecord(id: string, now: number): SessionRecord {
  return {
    id,
    verifierHash: 'A'.repeat(43),
    rotatedAt: now,
    previous: null,
    version: 1,
    generation: 0,
    epoch: 0,
    subject: null,
    createdAt: now,
    authenticatedAt: null,
    methods: [],
    lastSeenAt: now,
    idleDeadline: now + 1000,
    absoluteDeadline: now + 1000,
    persistent: false,
    client: null,
    binding: null,
    data: new Map(),
    revokedAt: null,
    reason: null,
  }
}
