import assert from 'node:assert/strict'
import type { MaybePromise } from '@holdfast/core'
import type { RecordChange, SessionRecord, SessionStore } from '@holdfast/core/store'
import { plain } from './records.js'

/** Asserts that the store holds exactly this record under its id. */
export async function expectStored(
  store: SessionStore,
  record: SessionRecord,
  what: string,
): Promise<void> {
  assert.deepEqual(plain(await store.find(record.id)), plain(record), what)
}

/** Asserts that the change is refused with `status` and that nothing was written. */
export async function expectRefused(
  store: SessionStore,
  id: string,
  change: RecordChange,
  status: string,
): Promise<void> {
  const before = plain(await store.find(id))
  const result = await store.update(id, change)
  assert.equal(result.status, status, 'the status of update()')
  assert.deepEqual(plain(await store.find(id)), before, 'a refused update() writes nothing')
  if ('record' in result)
    assert.deepEqual(plain(result.record), before, `the record in the ${status} result`)
}

/** Makes a change that must succeed and gives the record, after checking that find() gives the same. */
export async function expectUpdated(
  store: SessionStore,
  id: string,
  change: RecordChange,
): Promise<SessionRecord> {
  const before = await store.find(id)
  const result = await store.update(id, change)
  assert.equal(result.status, 'updated', 'the status of update()')
  if (result.status !== 'updated') throw new Error('unreachable')
  await expectStored(store, result.record, 'find() gives what update() said it wrote')
  assert.equal(result.record.version, (before?.version ?? 0) + 1, 'the version grows by one')
  return result.record
}

/** The record under this id, which must be there. */
export async function expectFound(store: SessionStore, id: string): Promise<SessionRecord> {
  const record = await store.find(id)
  if (record === null) assert.fail(`find('${id}') gave null for a record that must be kept`)
  return record
}

/** Asserts that the session has ended with this reason. */
export async function expectEnded(
  store: SessionStore,
  id: string,
  reason: string,
  at?: number,
): Promise<SessionRecord> {
  const record = await expectFound(store, id)
  assert.notEqual(record.revokedAt, null, `revokedAt of session ${id}, which was ended`)
  assert.equal(record.reason, reason, `reason of session ${id}`)
  if (at !== undefined) assert.equal(record.revokedAt, at, `revokedAt of session ${id}`)
  return record
}

/** Asserts that the session is not ended. */
export async function expectLive(store: SessionStore, id: string): Promise<SessionRecord> {
  const record = await expectFound(store, id)
  assert.equal(record.revokedAt, null, `revokedAt of session ${id}, which nobody ended`)
  return record
}

/** Adds records, each of which must be let in. */
export async function insertAll(
  store: SessionStore,
  records: readonly SessionRecord[],
): Promise<void> {
  for (const record of records) {
    const result = await store.insert(record, { now: record.createdAt, limit: null })
    assert.equal(result.status, 'inserted', `the status of insert() for ${record.id}`)
  }
}

/** Ids of the live sessions of a subject, page by page. */
export async function idsOf(
  store: SessionStore,
  subject: string,
  now: number,
  { includeEnded = false, limit = 100 }: { includeEnded?: boolean; limit?: number } = {},
): Promise<string[]> {
  const ids: string[] = []
  let after: string | null = ''
  while (after !== null) {
    const page = { limit, now, includeEnded, ...(after === '' ? {} : { after }) }
    const { records, next } = await store.list(subject, page)
    assert.ok(records.length <= limit, `list() gave ${records.length} records, limit ${limit}`)
    ids.push(...records.map((record) => record.id))
    after = next
  }
  return ids
}

/** All answers of calls that were made at once. */
export function allOf<T>(answers: readonly MaybePromise<T>[]): Promise<T[]> {
  return Promise.all(answers.map((answer) => Promise.resolve(answer)))
}
