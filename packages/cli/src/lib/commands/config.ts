import { readArguments, refuseMore } from '../arguments.js'
import { type Command, EXIT, UsageError } from '../command.js'
import { nginxConfiguration } from '../nginx/configuration.js'
import { readApp, readDomain, readFileName, readPath, readPort, type Site } from '../nginx/site.js'

const OPTIONS = {
  domain: { type: 'string', multiple: true },
  app: { type: 'string', multiple: true },
  open: { type: 'string', multiple: true },
  login: { type: 'string' },
  socket: { type: 'string' },
  certificate: { type: 'string' },
  'certificate-key': { type: 'string' },
  'http-port': { type: 'string' },
  'https-port': { type: 'string' },
  cache: { type: 'string' },
} as const

const HELP = `holdfast config nginx --domain <name> --app <name>=<path>=<upstream> ...

Prints a complete configuration of your site for nginx: HTTPS, the check of every request, the sign-in, error
pages. Write it to /etc/nginx/sites-available/<name>, link it in sites-enabled, and try it with 'nginx -t'.

  holdfast config nginx --domain shop.example --app shop=/=http://127.0.0.1:3000 \\
    --app admin=/admin/=unix:/run/admin.sock > /etc/nginx/sites-available/shop.example

Options:
  --domain <name>            The site's name; again for more names of it
  --app <n>=<path>=<where>   An application: its name in the daemon's configuration, the path that it begins
                             at, and where it listens; again for each
  --login <path>             Where visitors sign in. Default: /login
  --open <path>              A path that everybody may see, such as /about or /assets/; again for each
  --socket <path>            The daemon's check socket. Default: /run/holdfast/check.sock
  --certificate <file>       Default: /etc/letsencrypt/live/<name>/fullchain.pem
  --certificate-key <file>   Default: /etc/letsencrypt/live/<name>/privkey.pem
  --http-port, --https-port  Default: 80 and 443
  --cache <folder>           Let nginx keep positive checks there, as long as the daemon's check.cache says.
                             Keep it in memory: /run/holdfast-cache
  --help                     This text

Exit codes: 0 done, 2 not understood`

/** `holdfast config`. */
export const configCommand: Command = {
  name: 'config',
  summary: 'print the configuration of a web server for your site',
  help: HELP,
  actions: ['nginx'],
  options: OPTIONS,
  async run(args, { out }) {
    const { values, positionals } = readArguments(args, OPTIONS)
    refuseMore(positionals, 1)
    if (positionals[0] !== 'nginx') throw new UsageError('For which web server? Say nginx.')
    out(nginxConfiguration(siteOf(values), `holdfast config ${args.map(quoted).join(' ')}`))
    return await Promise.resolve(EXIT.done)
  },
}

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values']

function siteOf(values: Values): Site {
  const [domain, ...aliases] = new Set((values.domain ?? []).map(readDomain))
  if (domain === undefined) throw new UsageError('Which site? Give --domain.')
  const live = `/etc/letsencrypt/live/${domain}`
  return {
    domains: [domain, ...aliases],
    apps: appsOf(values),
    open: openOf(values),
    socket: readFileName(values.socket ?? '/run/holdfast/check.sock', '--socket'),
    certificate: readFileName(values.certificate ?? `${live}/fullchain.pem`, '--certificate'),
    certificateKey: readFileName(
      values['certificate-key'] ?? `${live}/privkey.pem`,
      '--certificate-key',
    ),
    ...portsOf(values),
    cache: values.cache === undefined ? null : readFileName(values.cache, '--cache'),
  }
}

/** Each once: nginx refuses a location that stands twice. */
function openOf({ login = '/login', open = [] }: Values): readonly string[] {
  const paths = open.map((path) => readPath(path, '--open'))
  return [...new Set([readPath(login, '--login'), ...paths])]
}

function portsOf(values: Values): Pick<Site, 'httpPort' | 'httpsPort'> {
  const httpPort = readPort(values['http-port'] ?? '80', '--http-port')
  const httpsPort = readPort(values['https-port'] ?? '443', '--https-port')
  if (httpPort === httpsPort)
    throw new UsageError(`--http-port and --https-port must differ; both are ${httpPort}.`)
  return { httpPort, httpsPort }
}

function appsOf({ app = [] }: Values): Site['apps'] {
  const [first, ...more] = app.map(readApp)
  if (first === undefined) throw new UsageError('Which application? Give --app.')
  const seen = new Set<string>()
  for (const { name, path } of [first, ...more]) {
    if (seen.has(name) || seen.has(path))
      throw new UsageError(`--app: '${name}' or its path '${path}' stands twice.`)
    seen.add(name).add(path)
  }
  return [first, ...more]
}

/** A word as a shell takes it. Checked words need no more than this. */
function quoted(word: string): string {
  return /^[\w./:=~@-]+$/.test(word) ? word : `'${word.replaceAll(/[^\x20-\x26\x28-\x7e]/g, '?')}'`
}
