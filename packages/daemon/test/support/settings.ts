import type { AppSettings, CheckSettings, LimitSettings, Settings } from '@holdfast/daemon'

const NOWHERE = { path: '/nowhere', mode: 0o600, gid: null }

export interface SettingsOptions {
  readonly check?: Partial<CheckSettings>
  readonly limits?: Partial<LimitSettings>
  readonly apps?: readonly string[]
}

/** Settings as the configuration would give them, with short times. */
export function settings({
  check = {},
  limits = {},
  apps = ['shop', 'blog'],
}: SettingsOptions = {}): Settings {
  return {
    state: '/nowhere',
    run: '/nowhere',
    workers: 1,
    store: { kind: 'embedded' },
    session: {},
    cookie: {},
    keys: null,
    check: {
      socket: NOWHERE,
      tcp: null,
      cache: 0,
      assertionLifetime: 30_000,
      login: '/login',
      trustedOrigins: [],
      ...check,
    },
    apps: apps.map(app),
    admin: NOWHERE,
    monitor: null,
    audit: null,
    limits: {
      body: 100_000,
      headers: 16_384,
      headTimeout: 30_000,
      requestTimeout: 30_000,
      storeTimeout: null,
      connections: 1_000,
      stopTimeout: 10_000,
      ...limits,
    },
    signingKeys: null,
  }
}

function app(name: string): AppSettings {
  return { name, namespace: `${name}-data`, rights: new Set(), socket: NOWHERE, tcp: null }
}
