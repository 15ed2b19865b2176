import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { describeProtocols } from '../src/openapi.js'

/** From `dist/test`. */
const PUBLISHED = new URL('../../openapi.json', import.meta.url)

test('the published description is what the routes and shapes say (npm run openapi -w @holdfast/protocol)', () => {
  const published: unknown = JSON.parse(readFileSync(PUBLISHED, 'utf8'))
  assert.deepEqual(published, JSON.parse(JSON.stringify(describeProtocols())))
})

test('every reference of the description leads to a shape in it', () => {
  const text = JSON.stringify(describeProtocols())
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name ?? '',
  )
  const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } }
  assert.ok(names.length > 20)
  for (const name of names) assert.ok(name in components.schemas, name)
  assert.equal([...text.matchAll(/"\$ref":/g)].length, names.length)
})
