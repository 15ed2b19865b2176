import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSessions, type Session, type Sessions } from '@holdfast/core'
import { withSession } from '@holdfast/node'
import { openStore, type StoreConfig } from '../stores.js'
import { type Column, type FromApp, PING, type ToApp } from './messages.js'
import { isOperationName } from './operations.js'
import { type Data, KEEPSAKE, ROUTES } from './routes.js'

// The application whose answers the matrix judges: one process, one server for each column.

const KEYS = ['the fault matrix signs its tokens with this key and no other']
type Listener = (req: IncomingMessage, res: ServerResponse) => void

function tell(message: FromApp): void {
  if (process.connected) process.send?.(message)
}

function listenerOf(sessions: Sessions<Data>): Listener {
  const serve = async (
    req: IncomingMessage,
    res: ServerResponse,
    session: Session<Data>,
  ): Promise<void> => {
    const { pathname, searchParams: query } = new URL(req.url ?? '/', 'http://app')
    const name = pathname.slice(1)
    const route = isOperationName(name) || name === 'prepare' ? ROUTES[name] : null
    if (route === null) {
      res.writeHead(404).end()
      return
    }
    const out = (await route({ session, sessions, query })) ?? null
    const { id, subject } = session
    const body = { id, subject, keepsake: session.get(KEEPSAKE) ?? null, out }
    res.setHeader('Content-Type', 'application/json')
    res.end(JSON.stringify(body))
  }
  return withSession<Data>(sessions, serve, { development: true })
}

async function open(column: Column, config: StoreConfig): Promise<number> {
  const store = await openStore(config)
  const base = { store, keys: KEYS, ...(column === 'uncached' ? { cacheSize: 0 } : {}) }
  const sessions = createSessions<Data>(base)
  sessions.on('store_channel', ({ healthy }) => tell({ kind: 'channel', column, healthy }))
  const plain = listenerOf(sessions)
  const renewing = listenerOf(
    createSessions<Data>({ ...base, renewalTimeout: 1, rotationGrace: 0, sweepInterval: Infinity }),
  )
  const server = createServer((req, res) => {
    if (req.url === PING) res.end()
    else if (req.url?.startsWith('/renew') === true) renewing(req, res)
    else plain(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tell({ kind: 'crash', error: `${event}: ${text}` })
  })
process.once('message', ({ store }: ToApp) => {
  void Promise.all([open('cached', store), open('uncached', store)]).then(([cached, uncached]) =>
    tell({ kind: 'ready', ports: { cached, uncached } }),
  )
})
// Without its parent it has nothing to do.
process.once('disconnect', () => process.exit(0))
