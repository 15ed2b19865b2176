import assert from 'node:assert/strict'
import type { SessionStore } from '@holdfast/core/store'
import { storeKeySet, type StoreKeySet, type StoreKeySetOptions } from '@holdfast/tokens'
import type { CaseDefinition } from '../definition.js'
import { MINUTE } from '../records.js'
import { shared } from '../races/scheduled-store.js'
import { type Hands, handsAt, Site } from '../races/site.js'

/** A process of an issuer whose signing keys are in the store. */
class KeyHolder {
  readonly site: Site
  readonly keys: StoreKeySet

  static async open(
    store: SessionStore,
    hands: Hands,
    options: StoreKeySetOptions = {},
  ): Promise<KeyHolder> {
    const site = new Site(shared(store), hands)
    // The cases say themselves when it asks the store.
    return new KeyHolder(
      site,
      await storeKeySet(site.sessions, { reloadInterval: 30_000, ...options }),
    )
  }

  private constructor(site: Site, keys: StoreKeySet) {
    this.site = site
    this.keys = keys
  }

  /** What it signs with, and all that it verifies by. */
  get kids(): readonly string[] {
    return [this.keys.current.kid, ...this.keys.list().map(({ kid }) => kid)]
  }

  close(): Promise<void> {
    this.keys.close()
    return this.site.close()
  }
}

/** Signing keys in the store: one record, changed by compare-and-swap. */
export const keyCases: readonly CaseDefinition[] = [
  {
    name: 'tokens: processes that open a set of signing keys at once share one key, and rotate once',
    contract:
      'insert() answers inserted exactly once per id; update() with ifVersion writes for one of any number.',
    async run({ store }) {
      const hands = handsAt()
      const all = await Promise.all(Array.from({ length: 8 }, () => KeyHolder.open(store, hands)))
      assert.equal(new Set(all.map(({ keys }) => keys.current.kid)).size, 1)
      const lists = await Promise.all(all.map(({ keys }) => keys.rotate()))
      assert.equal(new Set(lists.map((list) => JSON.stringify(list))).size, 1)
      assert.deepEqual(
        lists[0]?.map(({ state }) => state),
        ['current', 'next'],
      )
      hands.now += 10 * MINUTE
      await Promise.all(all.map(({ keys }) => keys.reload()))
      assert.deepEqual(
        new Set(all.map(({ keys }) => keys.current.kid)),
        new Set([lists[0]?.[1]?.kid]),
      )
      const named = await KeyHolder.open(store, hands, { name: 'other' })
      assert.ok(!all[0]?.kids.includes(named.keys.current.kid))
      await Promise.all([named, ...all].map((each) => each.close()))
    },
  },
  {
    name: 'tokens: compromised signing keys, and those of before a revocation of everyone, are gone in every process',
    contract:
      'Whoever asks the store is given what was written last; an ended record takes no update.',
    async run({ store }) {
      const hands = handsAt()
      const [one, two] = [await KeyHolder.open(store, hands), await KeyHolder.open(store, hands)]
      await one.keys.rotate()
      const endings = [
        () => one.keys.rotate({ compromised: true }),
        () => one.site.sessions.revokeEveryone(),
      ]
      for (const end of endings) {
        const before = one.kids
        await end()
        await Promise.all([one.keys.reload(), two.keys.reload()])
        assert.deepEqual(two.kids, one.kids)
        for (const kid of before) assert.equal(two.keys.find(kid), undefined)
      }
      await Promise.all([one.close(), two.close()])
    },
  },
  {
    name: 'reopen: signing keys are there again',
    contract: 'An acknowledged creation or revocation survives a crash of process and machine.',
    needsReopen: true,
    async run({ store, reopen }) {
      const hands = handsAt()
      const before = await KeyHolder.open(store, hands)
      await before.keys.rotate()
      const { kids } = before
      await before.close()
      const after = await KeyHolder.open(await reopen(), hands)
      assert.deepEqual(after.kids, kids)
      await after.close()
    },
  },
]
