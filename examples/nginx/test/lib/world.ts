import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, newFolder } from '@holdfast/test-servers/process'
import { type AdminClient, connectAdmin } from '@holdfast/client'
import { type Daemon, startDaemon } from '../../src/daemon.js'
import { programOf } from '../../src/program.js'
import { type Site, type SiteOptions, startSite } from '../../src/site.js'
import { Visitor } from './client.js'
import { startEcho } from './echo.js'

const nginx = process.env['HOLDFAST_NGINX']
const HOLDFAST = programOf('@holdfast/cli', 'bin/holdfast.js')

/** Why these tests cannot run; false if they can. */
export const noNginx: string | false =
  nginx === undefined
    ? (process.env['HOLDFAST_NGINX_MISSING'] ?? 'HOLDFAST_NGINX is not set')
    : false

/**
 * A site with nginx, on ports and in a folder of its own, with an application more that says what it is sent (`/echo/`, and
 * `/echo/open/` for everybody), and one that does not run (`/broken/`).
 */
export interface World {
  readonly site: Site
  readonly admin: AdminClient
  /** Where it answers without encryption. */
  readonly plainOrigin: string
  /** The daemon that runs at present. */
  readonly daemon: Daemon
  /** Starts the daemon again, after it was stopped. */
  startDaemon(): Promise<void>
  visitor(): Visitor
  /** Runs the command line against the daemon, and gives what it prints. */
  holdfast(...args: readonly string[]): Promise<string>
  stop(): Promise<void>
}

type WorldOptions = Pick<SiteOptions, 'daemon' | 'cache' | 'byHand'>

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = newFolder('nginx-')
  const echo = await startEcho()
  const [httpPort, httpsPort, nobody] = [await freePort(), await freePort(), await freePort()]
  const more = `[apps.echo]\nrights = []\n[apps.broken]\nrights = []\n${options.daemon ?? ''}`
  const site = await startSite({
    ...options,
    folder,
    nginx: nginx ?? '',
    httpPort,
    httpsPort,
    daemon: more,
    apps: [`echo=/echo/=127.0.0.1:${echo.port}`, `broken=/broken/=127.0.0.1:${nobody}`],
    open: ['/echo/open/'],
    ...(options.cache === undefined ? {} : { cache: join(folder, options.cache) }),
  })
  let { daemon } = site
  const admin = connectAdmin({ socket: daemon.adminSocket }, { timeout: 60_000 })
  const visitors: Visitor[] = []
  return {
    site,
    admin,
    plainOrigin: `http://localhost:${httpPort}`,
    get daemon() {
      return daemon
    },
    startDaemon: async () => {
      daemon = await startDaemon(join(folder, 'daemon'), more)
    },
    visitor: () => {
      const visitor = new Visitor(site.origin)
      visitors.push(visitor)
      return visitor
    },
    holdfast: async (...args) => {
      const env = { ...process.env, HOLDFAST_SOCKET: daemon.adminSocket }
      const ran = promisify(execFile)(process.execPath, [HOLDFAST, ...args], { env })
      return (await ran).stdout
    },
    stop: async () => {
      for (const visitor of visitors) visitor.close()
      await admin.close()
      await site.stop()
      await daemon.child.stop()
      await echo.close()
    },
  }
}
