import { join } from 'node:path'
import { freePort, newFolder } from '@holdfast/test-servers/process'
import { type AdminClient, connectAdmin } from '@holdfast/client'
import { type Site, type SiteOptions, startSite } from '../../src/site.js'
import { Visitor } from './client.js'
import { startEcho } from './echo.js'

const nginx = process.env['HOLDFAST_NGINX']

/** Why these tests cannot run; false if they can. */
export const noNginx: string | false =
  nginx === undefined
    ? (process.env['HOLDFAST_NGINX_MISSING'] ?? 'HOLDFAST_NGINX is not set')
    : false

/** A site with nginx, on ports and in a folder of its own, and one application more, which says what it is sent. */
export interface World {
  readonly site: Site
  readonly admin: AdminClient
  visitor(): Visitor
  stop(): Promise<void>
}

export async function startWorld(
  options: Pick<SiteOptions, 'daemon' | 'cache'> = {},
): Promise<World> {
  const folder = newFolder('nginx-')
  const echo = await startEcho()
  const [httpPort, httpsPort] = [await freePort(), await freePort()]
  const site = await startSite({
    ...options,
    folder,
    nginx: nginx ?? '',
    httpPort,
    httpsPort,
    daemon: `[apps.echo]\nrights = []\n${options.daemon ?? ''}`,
    apps: [`echo=/echo/=127.0.0.1:${echo.port}`],
    ...(options.cache === undefined ? {} : { cache: join(folder, options.cache) }),
  })
  const admin = connectAdmin({ socket: site.daemon.adminSocket }, { timeout: 60_000 })
  const visitors: Visitor[] = []
  return {
    site,
    admin,
    visitor: () => {
      const visitor = new Visitor(site.origin)
      visitors.push(visitor)
      return visitor
    },
    stop: async () => {
      for (const visitor of visitors) visitor.close()
      await admin.close()
      await site.stop()
      await echo.close()
    },
  }
}
