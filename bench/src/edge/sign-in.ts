import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { cookieHeader, subject } from '../harness/visitors.js'

const LANES = 32
/** A disk that stalls for a moment must not end the run. */
const TRIES = 20
const COOKIE = /^__Host-session=([^;]+)/

const VISITOR = {
  'Content-Type': 'application/json',
  'X-Forwarded-Method': 'POST',
  'X-Forwarded-Uri': '/login',
  'X-Forwarded-Host': 'www.example.com',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-For': '203.0.113.7',
}

/** Signs visitors in at an application's socket; gives a Cookie header for each. */
export async function signInAt(socketPath: string, count: number): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: LANES })
  const cookies: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      cookies[index] = cookieHeader(await signIn(socketPath, agent, subject(index), TRIES))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  agent.destroy()
  return cookies
}

async function signIn(
  socketPath: string,
  agent: Agent,
  name: string,
  tries: number,
): Promise<string> {
  const { status, cookie, body } = await authenticate(socketPath, agent, name)
  if (status === 503 && tries > 1) return signIn(socketPath, agent, name, tries - 1)
  const token = COOKIE.exec(cookie)?.[1]
  if (token === undefined) throw new Error(`not signed in: ${status} ${body}`)
  return token
}

interface Answer {
  readonly status: number
  readonly cookie: string
  readonly body: string
}

function authenticate(socketPath: string, agent: Agent, name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const path = '/v1/session/authenticate'
    const asked = request(
      { socketPath, agent, path, method: 'POST', headers: VISITOR },
      (response) => {
        const { statusCode: status = 0, headers } = response
        const cookie = headers['set-cookie']?.[0] ?? ''
        text(response).then((body) => resolve({ status, cookie, body }), reject)
      },
    )
    asked.once('error', reject)
    asked.end(JSON.stringify({ subject: name, methods: ['pwd'] }))
  })
}
