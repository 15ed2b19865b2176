import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { connectApp, createAssertionReader } from '@holdfast/client'
import { readCertificate } from '@holdfast/example-express/kit'
import type { Child } from './child.js'
import { type Daemon, startDaemon } from './daemon.js'
import { type ByHand, type NginxParts, startNginx } from './nginx.js'
import { createPanel } from './panel.js'
import { createShop } from './shop.js'

export interface SiteOptions {
  /** Folder of everything that the site keeps. */
  readonly folder: string
  /** The executable of nginx. */
  readonly nginx: string
  readonly httpPort: number
  readonly httpsPort: number
  /** More of the daemon's configuration. */
  readonly daemon?: string
  /** Folder of nginx's cache of checks. */
  readonly cache?: string
  /** More applications, as `holdfast config nginx` takes them. */
  readonly apps?: readonly string[]
  /** More paths that everybody may see. */
  readonly open?: readonly string[]
  readonly byHand?: ByHand
}

/** The whole site: the daemon, two applications, and nginx before them. */
export interface Site {
  readonly origin: string
  readonly daemon: Daemon
  readonly nginx: Child
  stop(): Promise<void>
}

export async function startSite(options: SiteOptions): Promise<Site> {
  const { folder, httpsPort } = options
  await readCertificate(folder)
  const daemon = await startDaemon(join(folder, 'daemon'), options.daemon)
  // What has begun ends if the next does not begin: a daemon would go on alone.
  const apps = await orEnd(startApps(daemon), () => daemon.child.stop())
  const stop = async (): Promise<void> => {
    await apps.stop()
    await daemon.child.stop()
  }
  const nginx = await orEnd(startNginx(nginxParts(options, daemon, apps)), stop)
  return {
    origin: `https://localhost:${httpsPort}`,
    daemon,
    nginx,
    stop: async () => {
      await nginx.stop('SIGQUIT')
      await stop()
    },
  }
}

/** The two applications, as `holdfast config nginx` takes them. */
interface Apps {
  readonly apps: readonly string[]
  stop(): Promise<void>
}

async function startApps(daemon: Daemon): Promise<Apps> {
  const shopClient = connectApp({ socket: daemon.appSocket('shop') })
  const panelClient = connectApp({ socket: daemon.appSocket('panel') })
  const shop = createServer(createShop(shopClient))
  const panel = createPanel(createAssertionReader(panelClient, 'panel'))
  return {
    apps: [
      `shop=/=http://127.0.0.1:${await listen(shop)}`,
      `panel=/panel/=http://127.0.0.1:${await listen(panel)}`,
    ],
    stop: async () => {
      await Promise.all([shop, panel].map(close))
      await Promise.all([shopClient.close(), panelClient.close()])
    },
  }
}

function nginxParts(options: SiteOptions, daemon: Daemon, { apps }: Apps): NginxParts {
  const { folder, nginx: program, httpPort, httpsPort, cache, byHand } = options
  return {
    program,
    folder: join(folder, 'nginx'),
    certificate: join(folder, 'localhost.pem'),
    httpPort,
    httpsPort,
    checkSocket: daemon.checkSocket,
    apps: [...apps, ...(options.apps ?? [])],
    open: ['/assets/', ...(options.open ?? [])],
    ...(byHand === undefined ? {} : { byHand }),
    ...(cache === undefined ? {} : { cache }),
  }
}

async function orEnd<T>(starting: Promise<T>, end: () => Promise<void>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    await end()
    throw error
  }
}

/** On this machine only: nobody but nginx is to reach an application. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
