import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { freePort } from '../databases/redis.js'
import { until } from '../databases/until.js'
import { end, startProgram } from '../harness/child.js'
import { find } from '../harness/tools.js'

const HOLDFAST = join(
  dirname(createRequire(import.meta.url).resolve('@holdfast/cli/package.json')),
  'bin/holdfast.js',
)
const MEMORY = '/dev/shm'
const FILE = '<!doctype html><title>A file of the site</title>\n'

export interface NginxOptions {
  readonly program: string
  readonly folder: string
  readonly core: number | null
  readonly checkSocket: string
  readonly appSocket: string
  /** Whether requests are checked at all. */
  readonly checked: boolean
  /** Whether nginx may keep checks. */
  readonly cached: boolean
}

export interface Nginx {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/** The executable: the environment names it, or it is where Debian has it; null if it is not there. */
export function findNginx(): string | null {
  return find(process.env['HOLDFAST_NGINX'] ?? '') ?? find('nginx') ?? find('/usr/sbin/nginx')
}

/** The rows that can be measured here: those with nginx are left out where it is missing, and it is said. */
export function withNginx<Row extends { readonly name: string; readonly group?: string }>(
  rows: readonly Row[],
  log: (line: string) => void,
): readonly Row[] {
  if (findNginx() !== null) return rows
  const left = rows.filter(({ group }) => group !== 'nginx')
  if (left.length < rows.length) log('left out: what stands behind nginx: there is no nginx')
  return left
}

/** Starts nginx, one worker, with what `holdfast config nginx` prints. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { program, folder, core } = options
  const port = await freePort()
  mkdirSync(join(folder, 'temporary'), { recursive: true })
  writePage(join(folder, 'files'))
  // In memory, as the documentation has it.
  const cache = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'holdfast-bench-'))
  const ports = { port, redirect: await freePort() }
  writeFileSync(join(folder, 'site.conf'), siteConfiguration(options, ports, cache))
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, mainConfiguration(folder))
  const child = startProgram(program, ['-c', file, '-p', folder], core, 'SIGTERM')
  const remove = (): void => rmSync(cache, { recursive: true, force: true })
  process.once('exit', remove)
  const stop = async (): Promise<void> => {
    await end(child, 'SIGTERM')
    process.off('exit', remove)
    remove()
  }
  try {
    await answering(child, port)
    return { pid: child.pid ?? 0, port, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  let said = ''
  child.stdout?.resume()
  child.stderr?.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4096)))
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${said}`)
    return answers(port)
  }, 'nginx answers')
}

/** A small file that says the same of itself whenever it was written. */
function writePage(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'page.html')
  writeFileSync(path, FILE)
  utimesSync(path, 0, 0)
}

/**
 * The command's own text but for three things: without TLS, which would add the same to both sides; with a location of files, added as
 * its comment says; and, for the baseline, without the lines that ask for a check.
 */
function siteConfiguration(
  options: NginxOptions,
  { port, redirect }: { readonly port: number; readonly redirect: number },
  cache: string,
): string {
  const { folder, checkSocket, appSocket, checked, cached } = options
  const args = [
    ['--domain', 'www.example.com'],
    ['--app', `shop=/=unix:${appSocket}`],
    ['--socket', checkSocket],
    ['--http-port', String(redirect)],
    ['--https-port', String(port)],
    ...(cached ? [['--cache', cache]] : []),
  ]
  const text = execFileSync(process.execPath, [HOLDFAST, 'config', 'nginx', ...args.flat()], {
    encoding: 'utf8',
  })
  const plain = text
    .replaceAll(' ssl http2;', ';')
    .replaceAll(/^ *ssl_.*\n/gm, '')
    .replace('    location @holdfast_login', `${fileLocation(folder)}    location @holdfast_login`)
  return checked ? plain : plain.replaceAll(/^ *auth_request (?!off;).*\n/gm, '')
}

function fileLocation(folder: string): string {
  return `    location /files/ {
        root ${folder};
    }

`
}

/** What Debian has in /etc/nginx/nginx.conf, for this folder alone, and without its log of requests. */
function mainConfiguration(folder: string): string {
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
    sendfile on;
    tcp_nopush on;
    types { text/html html; }
${temporary}
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
