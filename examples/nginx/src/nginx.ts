import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Child } from './child.js'
import { programOf } from './program.js'

const HOLDFAST = programOf('@holdfast/cli', 'bin/holdfast.js')

/** What nginx is started with. */
export interface NginxParts {
  /** The executable. */
  readonly program: string
  readonly folder: string
  readonly certificate: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly checkSocket: string
  /** `NAME=PATH=UPSTREAM`, as `holdfast config nginx` takes them. */
  readonly apps: readonly string[]
  readonly open: readonly string[]
  readonly cache?: string
  readonly byHand?: ByHand
}

/** What the owner of a site writes into the configuration that was made for it. */
export interface ByHand {
  /** Directives for all of nginx. */
  readonly http?: string
  /** Locations of the site. */
  readonly locations?: string
}

/** Makes the site's configuration by the command line, and starts nginx with it. */
export async function startNginx(parts: NginxParts): Promise<Child> {
  const { program, folder, httpsPort, byHand: { http = '', locations = '' } = {} } = parts
  mkdirSync(join(folder, 'temporary'), { recursive: true })
  const site = siteConfiguration(parts)
  writeFileSync(
    join(folder, 'site.conf'),
    site.replace(/\}\s*$/, () => `${locations}}\n`),
  )
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, mainConfiguration(folder, http))
  const child = new Child('nginx', program, ['-c', file, '-p', folder])
  try {
    await child.until(() => answers(httpsPort))
  } catch (error) {
    await child.stop()
    throw error
  }
  return child
}

function siteConfiguration(parts: NginxParts): string {
  const { certificate, httpPort, httpsPort, checkSocket, apps, open, cache } = parts
  const options = [
    ['--domain', 'localhost'],
    ...apps.map((app) => ['--app', app]),
    ...open.map((path) => ['--open', path]),
    ['--socket', checkSocket],
    ['--certificate', certificate],
    ['--certificate-key', certificate],
    ['--http-port', String(httpPort)],
    ['--https-port', String(httpsPort)],
    ...(cache === undefined ? [] : [['--cache', cache]]),
  ]
  const args = [HOLDFAST, 'config', 'nginx', ...options.flat()]
  return execFileSync(process.execPath, args, { encoding: 'utf8' })
}

/** What Debian has in /etc/nginx/nginx.conf, for this folder alone. All of the example runs under the account that starts it. */
function mainConfiguration(folder: string, more: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `    ${name}_temp_path ${folder}/temporary/${name};`)
    .join('\n')
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    types { text/css css; image/svg+xml svg; }
${temporary}
${more}
    include ${folder}/site.conf;
}
`
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
