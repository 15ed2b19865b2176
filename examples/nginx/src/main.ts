// What `npm run start:nginx` runs: a site behind nginx on https://localhost:8445, with two applications and one session.
import { join } from 'node:path'
import { openDataFolder, readPort, StartError } from '@holdfast/example-express/kit'
import { startSite } from './site.js'

try {
  const folder = join(openDataFolder(process.env['HOLDFAST_DATA']), 'nginx-site')
  openDataFolder(folder)
  const httpsPort = readPort(process.env['PORT'], 8445)
  const nginx = process.env['HOLDFAST_NGINX'] ?? '/usr/sbin/nginx'
  const site = await startSite({ folder, nginx, httpsPort, httpPort: httpsPort + 1 })
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (!stopping) void site.stop().then(() => process.exit(0))
      stopping = true
    })
  console.log(welcome(site.origin, site.daemon.adminSocket, join(folder, 'nginx')))
} catch (error) {
  if (!(error instanceof StartError)) throw error
  console.error(`The example cannot start: ${error.message}`)
  process.exit(1)
}

function welcome(origin: string, socket: string, nginx: string): string {
  return `ready: ${origin}

  Accounts   demo1 and demo2, password holdfast-demo
  Your browser warns of the certificate, which this example made for itself: go on.

  To try     Sign in at the shop, and look at the panel: another application, the same session.
             HOLDFAST_SOCKET=${socket} npx holdfast sessions list --subject demo1
             HOLDFAST_SOCKET=${socket} npx holdfast revoke-all --subject demo1
             Reload either page: you are signed out everywhere.

  The configuration of nginx is in ${nginx}
`
}
