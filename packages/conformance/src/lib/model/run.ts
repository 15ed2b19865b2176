import assert from 'node:assert/strict'
import type { RecordChange, RevokeTarget, SessionRecord, SessionStore } from '@holdfast/core/store'
import { aRecord, hashOf, plain, START } from '../records.js'
import { type Known, Model, type Verdict } from './model.js'
import { IDS, type Step, SUBJECTS, type UpdateParts, VERIFIERS } from './steps.js'

const HASHES = VERIFIERS.map(hashOf)
const LOOK_EVERY = 8

/** Takes a store and the model through the same steps and compares every answer, and now and then the whole state. */
export async function runSteps(store: SessionStore, steps: readonly Step[]): Promise<void> {
  const walk = new Walk(store, [await store.epoch()])
  for (const [n, step] of steps.entries()) {
    await walk.take(step)
    if (n % LOOK_EVERY === LOOK_EVERY - 1) await walk.compareAll()
  }
  await walk.compareAll()
}

class Walk {
  readonly #store: SessionStore
  readonly #model = new Model()
  /** The store's counter after each revocation: index is the model's logical time. */
  readonly #epochs: number[]
  #now = START

  constructor(store: SessionStore, epochs: number[]) {
    this.#store = store
    this.#epochs = epochs
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'tick':
        this.#now += step.by
        return
      case 'insert':
        return await this.#insert(step)
      case 'update':
        return await this.#update(step)
      case 'revoke':
        return await this.#revoke({ kind: 'session', id: step.id })
      case 'revokeSubject': {
        const except = step.except === null ? {} : { except: step.except }
        return await this.#revoke({ kind: 'subject', subject: step.subject, ...except })
      }
      case 'revokeEveryone':
        return await this.#revoke({ kind: 'everyone' })
      case 'list':
        return await this.#list(step)
      case 'sweep':
        return await this.#sweep(step.limit)
    }
  }

  async compareAll(): Promise<void> {
    for (const id of IDS) this.#compare(await this.#store.find(id), id, `find('${id}')`)
    for (const subject of SUBJECTS) {
      const page = { limit: 100, now: this.#now, includeEnded: true }
      const { records } = await this.#store.list(subject, page)
      const ids = records.map((record) => record.id)
      assert.deepEqual(ids, this.#model.list(subject, page).ids, `all of '${subject}'`)
    }
  }

  /** The model's logical time of a request that began `age` revocations ago, and what the store called it. */
  #epoch(age: number): { readonly logical: number; readonly stored: number } {
    const logical = Math.max(0, this.#model.revocations - age)
    return { logical, stored: this.#epochs[logical] ?? 0 }
  }

  async #insert(step: Extract<Step, { do: 'insert' }>): Promise<void> {
    const { logical, stored } = this.#epoch(step.epochAge)
    const absoluteDeadline = this.#now + step.absolute
    const record = aRecord({
      id: step.id,
      subject: step.subject,
      createdAt: this.#now,
      epoch: stored,
      data: step.data,
      absoluteDeadline,
      idleDeadline: Math.min(this.#now + step.idle, absoluteDeadline),
    })
    const admission = { now: this.#now, limit: step.limit }
    const verdict = this.#model.judgeInsert(record, logical, admission)
    const result = await this.#store.insert(record, admission)
    const barred = step.subject !== null && this.#model.mayBeBarred(logical)
    if (result.status !== 'inserted') return refused(result.status, verdict, barred)
    accepted(verdict, result.evicted)
    this.#model.insert(record, verdict, this.#now)
  }

  async #update(step: Extract<Step, { do: 'update' }>): Promise<void> {
    const known = this.#model.sessions.get(step.id)
    const { logical, stored } = this.#epoch(
      step.renew?.kind === 'authenticate' ? step.renew.epochAge : 0,
    )
    const change = toChange(step, known?.record ?? aRecord(), this.#now, stored)
    const verdict = this.#model.judgeUpdate(step.id, change, logical)
    const result = await this.#store.update(step.id, change)
    if (result.status === 'updated') {
      accepted(verdict, result.evicted)
      this.#model.update(step.id, change, verdict)
    } else {
      const signsIn = change.authenticate !== undefined && known?.record.subject === null
      refused(result.status, verdict, signsIn && this.#model.mayBeBarred(logical))
    }
    if ('record' in result) this.#compare(result.record, step.id, 'the record of update()')
    if (result.status === 'too_large')
      assert.equal(result.bytes, verdict.bytes, 'the bytes of too_large')
  }

  async #revoke(target: RevokeTarget): Promise<void> {
    const ending = { at: this.#now, reason: target.kind }
    const count = await this.#store.revoke(target, ending)
    assert.equal(count, this.#model.revoke(target, ending), `sessions ended by ${target.kind}`)
    if (target.kind !== 'session') this.#epochs.push(await this.#store.epoch())
  }

  async #list(step: Extract<Step, { do: 'list' }>): Promise<void> {
    const { subject, limit, includeEnded, after } = step
    const page = { limit, includeEnded, now: this.#now, ...(after === null ? {} : { after }) }
    const { records, next } = await this.#store.list(subject, page)
    const expected = this.#model.list(subject, page)
    const ids = records.map((record) => record.id)
    assert.deepEqual({ ids, next }, expected, `a page of '${subject}'`)
    for (const record of records) this.#compare(record, record.id, 'a listed record')
  }

  /** Which due records go first is the store's to choose: the model follows it, and checks that they were due. */
  async #sweep(limit: number): Promise<void> {
    const due = new Set(this.#model.dueAt(this.#now))
    const byEngine = this.#store.capabilities.expiry === 'engine'
    const overdue = this.#model.dueAt(this.#now - 1000)
    const { deleted, more } = await this.#store.sweep(this.#now, limit)
    this.#model.sweptAt = Math.max(this.#model.sweptAt, this.#now)
    let gone = 0
    for (const id of this.#model.sessions.keys()) {
      if ((await this.#store.find(id)) !== null) continue
      assert.ok(due.has(id), `sweep() deleted session ${id}, which was not due`)
      this.#model.sessions.delete(id)
      gone += 1
    }
    if (byEngine) return assert.equal(deleted, 0, 'what sweep() deleted beside the engine')
    assert.equal(deleted, gone, 'what sweep() counted, and what is gone')
    assert.ok(deleted <= limit, `sweep(limit ${limit}) deleted ${deleted}`)
    const left = overdue.filter((id) => this.#model.sessions.has(id))
    if (!more) assert.deepEqual(left, [], 'overdue when sweep() says that there is no more')
  }

  #compare(found: SessionRecord | null, id: string, what: string): void {
    const known = this.#model.sessions.get(id)
    if (known === undefined) assert.equal(found, null, `${what}: there is no such session`)
    else assert.deepEqual(plain(found), plain(shown(known, found)), what)
  }
}

/** The model's record as the store may show it: what ended it, and a version that ending may have raised. */
function shown({ record, endings }: Known, found: SessionRecord | null): SessionRecord {
  if (endings.length === 0) return record
  const match = endings.find(({ at, reason }) => at === found?.revokedAt && reason === found.reason)
  const { at, reason } = match ?? endings[0] ?? { at: 0, reason: '' }
  return { ...record, version: found?.version ?? 0, revokedAt: at, reason }
}

function refused(status: string, { refusals }: Verdict, barred: boolean): void {
  if (barred && status === 'ended') return
  const expected = refusals.length === 0 ? 'success' : refusals.join(' or ')
  assert.ok(refusals.includes(status), `the answer was '${status}'; the contract wants ${expected}`)
}

function accepted({ refusals, evicted }: Verdict, actual: readonly string[]): void {
  assert.deepEqual([...refusals], [], 'the store accepted what the contract refuses')
  assert.deepEqual([...actual].toSorted(), [...evicted].toSorted(), 'who was evicted')
}

function toChange(
  parts: UpdateParts,
  record: SessionRecord,
  now: number,
  epoch: number,
): RecordChange {
  const { version, generation, set, unset, clear, maxDataBytes, touch, settle } = parts
  const verifier = (n: number): string => (n < 0 ? record.verifierHash : (HASHES[n] ?? ''))
  return {
    now,
    ...(version === null ? {} : { ifVersion: record.version + version }),
    ...(generation === null ? {} : { ifGeneration: record.generation + generation }),
    ...(set === null ? {} : { set }),
    ...(unset === null ? {} : { unset }),
    ...(clear ? { clear } : {}),
    ...(maxDataBytes === null ? {} : { maxDataBytes }),
    ...(touch === null
      ? {}
      : { touch: { lastSeenAt: now + touch.seen, idleDeadline: now + touch.idle } }),
    ...(settle === null ? {} : { settle: { verifierHash: verifier(settle), at: now } }),
    ...toRenewal(parts.renew, verifier, now, epoch),
  }
}

function toRenewal(
  renew: UpdateParts['renew'],
  verifier: (n: number) => string,
  now: number,
  epoch: number,
): Pick<RecordChange, 'rotate' | 'replace' | 'authenticate'> {
  if (renew === null) return {}
  const verifierHash = verifier(renew.to)
  if (renew.kind === 'rotate') {
    const ifVerifierHash = verifier(renew.from)
    return { rotate: { ifVerifierHash, verifierHash, sealed: `sealed-${renew.to}`, at: now } }
  }
  const replace = { verifierHash, at: now }
  if (renew.kind === 'replace') return { replace }
  const absoluteDeadline = now + renew.absolute
  const authenticate = {
    subject: renew.subject,
    epoch,
    at: now,
    methods: ['pwd'],
    idleDeadline: Math.min(now + renew.idle, absoluteDeadline),
    absoluteDeadline,
    persistent: renew.to === 0,
    limit: renew.limit,
  }
  return { replace, authenticate }
}
