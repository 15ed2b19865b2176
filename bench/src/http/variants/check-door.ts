import {
  createAssertionKeys,
  createCheckDoor,
  createMetrics,
  type Settings,
} from '@holdfast/daemon'
import type { Server, ServerInput } from '../model.js'
import { signedIn } from './holdfast.js'

const SOCKET = { path: '/nowhere', mode: 0o600, gid: null }

/** The defaults of the daemon, as far as the check door looks at them. */
const SETTINGS: Settings = {
  state: '/nowhere',
  run: '/nowhere',
  workers: 1,
  store: { kind: 'embedded' },
  session: {},
  cookie: {},
  keys: null,
  check: {
    socket: SOCKET,
    tcp: null,
    cache: 0,
    assertionLifetime: 30_000,
    login: '/login',
    trustedOrigins: [],
  },
  apps: [{ name: 'shop', namespace: 'shop', rights: new Set(), socket: SOCKET, tcp: null }],
  admin: SOCKET,
  monitor: null,
  audit: null,
  limits: {
    body: 1_048_576,
    headers: 65_536,
    headTimeout: 10_000,
    storeTimeout: null,
    requestTimeout: 30_000,
    connections: 1_024,
    stopTimeout: 30_000,
  },
  signingKeys: null,
}

/** The daemon's check door alone, as one worker has it. */
export async function startServer(input: ServerInput): Promise<Server> {
  const { sessions, cookies } = await signedIn(input)
  const { server } = createCheckDoor({
    settings: SETTINGS,
    sessions,
    isReady: () => true,
    assertionKeys: createAssertionKeys(sessions),
    jwks: null,
    events: { subscribe: () => () => undefined },
    metrics: createMetrics(),
    metricsText: async () => '',
    log: (text) => process.stderr.write(`${text}\n`),
  })
  return { listener: server, cookies }
}
