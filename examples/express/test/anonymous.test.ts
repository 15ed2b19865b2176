import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSite } from './lib/site.js'

const PATHS = [
  '/',
  '/login',
  '/cart',
  '/sessions',
  '/vault',
  '/me',
  '/data',
  '/nowhere',
  '/site.css',
]
const REQUESTS = 10_800
const AT_ONCE = 12

test('10,800 looks at all pages by visitors without a session leave no record and no cookie', async () => {
  const site = await startSite()
  const client = site.client()
  const cookies: string[] = []
  const statuses = new Set<number>()
  let next = 0
  const look = async (): Promise<void> => {
    while (next < REQUESTS) {
      const path = PATHS[next++ % PATHS.length] ?? '/'
      const headers = { accept: 'text/html', origin: undefined }
      const answer = await client.get(path, { headers })
      cookies.push(...answer.cookies)
      statuses.add(answer.status)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, look))
  const { writes } = site.store
  await site.stop()
  assert.deepEqual(cookies, [])
  assert.equal(writes, 0)
  assert.deepEqual(statuses, new Set([200, 303, 401, 404]))
})

test('wrong sign-ins, refused requests and forged cookies leave no record and no cookie either', async () => {
  const site = await startSite()
  const client = site.client()
  const forged = `__Host-session=${'A'.repeat(22)}-${'B'.repeat(43)}-${'C'.repeat(26)}`
  const answers = [
    await client.signIn('demo1', 'wrong'),
    await client.postForm('/login', { username: 'demo1', password: 'wrong' }),
    await client.post('/logout'),
    await client.post('/nowhere'),
    await client.send('POST', '/cart/add', { headers: { origin: 'https://evil.example' } }),
    await client.get('/', { headers: { cookie: forged } }),
    await client.get('/me', { headers: { cookie: `${forged}; ${forged}` } }),
  ]
  const { writes } = site.store
  await site.stop()
  assert.deepEqual(
    answers.flatMap((answer) => answer.cookies),
    [],
  )
  assert.equal(writes, 0)
})
