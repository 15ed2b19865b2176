import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Population } from '../src/population.js'
import { seeded } from '@holdfast/test-servers/random'

test('a token that was replaced is not presented any more as that of an ended session', () => {
  const population = new Population(seeded(1))
  const known = { id: 'one', subject: 'ann', token: 'old', owner: 1 }
  population.add(known)
  // The rotation's old token was rejected before its new one was heard of.
  population.end('one')
  assert.equal(population.ended()?.token, 'old')
  population.add({ ...known, token: 'new' })
  assert.equal(population.ended(), undefined)
  assert.equal(population.live()?.token, 'new')
})
