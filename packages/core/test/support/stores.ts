import type { SessionStore } from '@holdfast/core/store'
import { memoryStore } from '@holdfast/memory'

const METHODS = ['insert', 'find', 'update', 'revoke', 'list', 'sweep', 'epoch'] as const

export type Method = (typeof METHODS)[number]

/** `inner` with some methods replaced. */
export function wrapStore(inner: SessionStore, over: Partial<SessionStore> = {}): SessionStore {
  return {
    capabilities: inner.capabilities,
    insert: (record, admission) => inner.insert(record, admission),
    find: (id) => inner.find(id),
    update: (id, change) => inner.update(id, change),
    revoke: (target, ending) => inner.revoke(target, ending),
    list: (subject, page) => inner.list(subject, page),
    sweep: (now, limit) => inner.sweep(now, limit),
    epoch: () => inner.epoch(),
    watch: (listener) => inner.watch?.(listener) ?? ((): void => undefined),
    close: () => inner.close(),
    ...over,
  }
}

/** Calls `before` ahead of each call; if it returns a promise, the call waits for it. */
export function interceptStore(
  inner: SessionStore,
  before: (method: Method) => Promise<unknown> | undefined,
): SessionStore {
  const gate = <T>(method: Method, run: () => T | Promise<T>): T | Promise<T> => {
    const wait = before(method)
    return wait === undefined ? run() : wait.then(run)
  }
  return wrapStore(inner, {
    insert: (record, admission) => gate('insert', () => inner.insert(record, admission)),
    find: (id) => gate('find', () => inner.find(id)),
    update: (id, change) => gate('update', () => inner.update(id, change)),
    revoke: (target, ending) => gate('revoke', () => inner.revoke(target, ending)),
    list: (subject, page) => gate('list', () => inner.list(subject, page)),
    sweep: (now, limit) => gate('sweep', () => inner.sweep(now, limit)),
    epoch: () => gate('epoch', () => inner.epoch()),
  })
}

export interface CountedStore {
  readonly store: SessionStore
  readonly calls: Record<Method, number>
  /** Calls since the last {@link CountedStore.take}, as `find 1, update 1`; `epoch` left out: stores answer it from memory. */
  readonly take: () => string
}

/** A store that counts its calls. */
export function countedStore(inner: SessionStore = memoryStore()): CountedStore {
  const calls: Record<Method, number> = {
    insert: 0,
    find: 0,
    update: 0,
    revoke: 0,
    list: 0,
    sweep: 0,
    epoch: 0,
  }
  const store = interceptStore(inner, (method) => {
    calls[method] += 1
    return undefined
  })
  const take = (): string => {
    const made = METHODS.filter((method) => method !== 'epoch' && calls[method] > 0)
    const text = made.map((method) => `${method} ${calls[method]}`).join(', ')
    for (const method of METHODS) calls[method] = 0
    return text === '' ? 'none' : text
  }
  return { store, calls, take }
}

/** A store that answers later, as one across a network does. */
export function asyncStore(inner: SessionStore = memoryStore()): SessionStore {
  return interceptStore(inner, () => new Promise((resolve) => setImmediate(resolve)))
}

/** A store that does not push, so that every check reads it. */
export function pullStore(inner: SessionStore = memoryStore()): SessionStore {
  return wrapStore(inner, { capabilities: { ...inner.capabilities, push: false } })
}

/** A promise that is settled from outside. */
export class Gate {
  readonly promise: Promise<void>
  #open: () => void = () => undefined

  constructor() {
    this.promise = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#open()
  }
}
