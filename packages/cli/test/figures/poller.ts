import { Agent, request } from 'node:http'

/** A door that is asked over and over. */
export interface PolledDoor {
  readonly name: string
  readonly socket: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export interface PollerInput {
  readonly doors: readonly PolledDoor[]
  readonly connections: number
}

/** Of one connection. Times are `process.hrtime.bigint()`, which all processes of a host share. */
export interface Polled {
  readonly name: string
  readonly answers: number
  /** When the last answer came that took the visitor for signed in. */
  readonly acceptedAt: bigint
  /** What came last: only a refusal is good. */
  readonly refused: boolean
  /** Longest time from one answer to the next, milliseconds: what is found is no finer. */
  readonly coarse: number
}

const stop = new AbortController()
let polling: Promise<readonly Polled[]> | null = null
// The first message says what to ask, the second that it is enough.
process.on('message', (input: PollerInput) => {
  if (polling === null) polling = pollAll(input)
  else void finish(polling)
})

function pollAll({ doors, connections }: PollerInput): Promise<readonly Polled[]> {
  const each = doors.flatMap((door) => Array.from({ length: connections }, () => poll(door)))
  return Promise.all(each)
}

async function finish(polled: Promise<readonly Polled[]>): Promise<void> {
  stop.abort()
  process.send?.(await polled)
  process.disconnect()
}

async function poll(door: PolledDoor): Promise<Polled> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let [answers, coarse, refused, acceptedAt] = [0, 0, false, 0n]
  let before = process.hrtime.bigint()
  while (!stop.signal.aborted) {
    const accepted = await ask(door, agent)
    const at = process.hrtime.bigint()
    coarse = Math.max(coarse, Number(at - before) / 1e6)
    before = at
    answers++
    refused = !accepted
    if (accepted) acceptedAt = at
  }
  agent.destroy()
  return { name: door.name, answers, acceptedAt, refused, coarse }
}

/** Whether the door takes the visitor for signed in. */
async function ask({ socket, path, headers }: PolledDoor, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path, headers, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (data: string) => (text += data))
      response.on('end', () => {
        // 503: on a busy machine the store may be late for one, who is then not let in.
        if ([204, 401, 503].includes(response.statusCode ?? 0)) resolve(response.statusCode === 204)
        else if (response.statusCode === 200)
          resolve(Object(Object(JSON.parse(text)).session).subject === 'alice')
        else reject(new Error(`${path}: ${response.statusCode}`))
      })
    })
    asked.on('error', reject)
    asked.end()
  })
}
