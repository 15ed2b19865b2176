import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { connectApp, createAssertionReader } from '@holdfast/client'
import { readCertificate } from '@holdfast/example-express/kit'
import type { Child } from './child.js'
import { type Daemon, startDaemon } from './daemon.js'
import { startNginx } from './nginx.js'
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
}

/** The whole site: the daemon, two applications, and nginx before them. */
export interface Site {
  readonly origin: string
  readonly daemon: Daemon
  readonly nginx: Child
  stop(): Promise<void>
}

export async function startSite(options: SiteOptions): Promise<Site> {
  const { folder, nginx: program, httpPort, httpsPort, cache } = options
  await readCertificate(folder)
  const daemon = await startDaemon(join(folder, 'daemon'), options.daemon)
  const shopClient = connectApp({ socket: daemon.appSocket('shop') })
  const panelClient = connectApp({ socket: daemon.appSocket('panel') })
  const shop = createServer(createShop(shopClient))
  const panel = createPanel(createAssertionReader(panelClient, 'panel'))
  const apps = [
    `shop=/=http://127.0.0.1:${await listen(shop)}`,
    `panel=/panel/=http://127.0.0.1:${await listen(panel)}`,
    ...(options.apps ?? []),
  ]
  const nginx = await startNginx({
    program,
    folder: join(folder, 'nginx'),
    certificate: join(folder, 'localhost.pem'),
    httpPort,
    httpsPort,
    checkSocket: daemon.checkSocket,
    apps,
    open: ['/assets/'],
    ...(cache === undefined ? {} : { cache }),
  })
  return {
    origin: `https://localhost:${httpsPort}`,
    daemon,
    nginx,
    stop: async () => {
      await nginx.stop('SIGQUIT')
      await Promise.all([shop, panel].map(close))
      await Promise.all([shopClient.close(), panelClient.close()])
      await daemon.child.stop()
    },
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
