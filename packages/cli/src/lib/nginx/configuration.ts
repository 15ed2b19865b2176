import { locations } from './locations.js'
import { maps, SPOOFED } from './maps.js'
import { checkOf, checkUpstreamOf, hostPattern, upstreamOf } from './names.js'
import { CACHE_CONTROL, ERROR_PAGES, HSTS, PAGE_LOCATIONS, SET_COOKIE } from './pages.js'
import type { Site } from './site.js'
import { TLS } from './tls.js'

/** The configuration of a site behind the daemon, for nginx 1.18 and later. */
export function nginxConfiguration(site: Site, command: string): string {
  return [
    introduction(site, command),
    maps(site),
    upstreams(site),
    plainServer(site),
    secureServer(site),
  ]
    .join('\n')
    .trimEnd()
}

function introduction({ domains, apps: [first] }: Site, command: string): string {
  return `# ${domains[0]}: every request is checked by Holdfast before an application sees it.
# Made by: ${command}
# It is yours now: edit it, and try it with 'nginx -t' before 'systemctl reload nginx'.
#
# To add an application: copy an 'upstream', a check location and an application's location.
#
# Why a location that is added in the obvious way is not open: 'auth_request' stands at the server, so each location
# has it unless it says otherwise. Who is signed in reaches an application as a signed assertion only; a location that sets headers of
# its own and forgets that one sends none, and one without 'auth_request' of its own sends an assertion for '${first.name}',
# which no other application believes. What would be open: 'auth_request off', 'satisfy any', and 'return' or 'rewrite' in a
# location, which nginx does before it checks anything.
`
}

function upstreams(site: Site): string {
  const one = (name: string, address: string): string => `upstream ${name} {
    server ${address};
    keepalive 32;
}
`
  return [
    '# Without keepalive each check would open a connection of its own, at a third of the speed.',
    one(checkUpstreamOf(site), `unix:${site.socket}`),
    ...site.apps.map((app) => one(upstreamOf(site, app), app.server)),
  ].join('\n')
}

function plainServer(site: Site): string {
  const { domains, httpPort, httpsPort } = site
  const port = httpsPort === 443 ? '' : `:${httpsPort}`
  return `server {
    listen ${httpPort};
    # Remove the lines with [::] where there is no IPv6.
    listen [::]:${httpPort};
    server_name ${domains.join(' ')};

    # Certificates are renewed over plain HTTP.
    location ^~ /.well-known/acme-challenge/ {
        root /var/www/html;
    }
    # To this site and no other, whatever a client says.
    location / {
        if ($http_host ~* ${hostPattern(site)}) {
            return 301 https://$1${port}$request_uri;
        }
        return 421;
    }
}
`
}

function secureServer(site: Site): string {
  const { domains, httpsPort, certificate, certificateKey } = site
  return `server {
    listen ${httpsPort} ssl http2;
    listen [::]:${httpsPort} ssl http2;
    server_name ${domains.join(' ')};

    ssl_certificate ${certificate};
    ssl_certificate_key ${certificateKey};
${TLS}
    # In each location that has an add_header of its own, repeat these three. An application's own HSTS would weaken that of the site.
    proxy_hide_header Strict-Transport-Security;
    ${HSTS}
    ${SET_COOKIE}
    ${CACHE_CONTROL}

    # Applications make addresses of the Host that they are told. Those of other sites end here, even where this is nginx's default.
    absolute_redirect off;
    if ($http_host !~* ${hostPattern(site)}) {
        return 421;
    }

    # Headers with underscores would be the same as others to some applications.
    underscores_in_headers off;
    ignore_invalid_headers on;
    if ($holdfast_spoofed) {
        return 400;
    }

${theCheck(site)}
${ERROR_PAGES}
    # What an application may upload; the check sees none of it.
    client_max_body_size 1m;

${HANDED_ON}
${locations(site)}
${PAGE_LOCATIONS}}
`
}

function theCheck({ apps: [first] }: Site): string {
  return `    satisfy all;
    auth_request ${checkOf(first)};
    auth_request_set $holdfast_assertion $upstream_http_x_session_assertion;
    auth_request_set $holdfast_cookie $upstream_http_set_cookie;
    auth_request_set $holdfast_login $upstream_http_x_session_login;
`
}

const SAID_BY_NOBODY = [
  ...SPOOFED.filter((name) => name !== 'Assertion').map((name) => `X-Session-${name}`),
  'Forwarded',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Original-URL',
  'X-Rewrite-URL',
  'Proxy',
]

const HANDED_ON = `    # What applications are told. In a location that has a proxy_set_header of its own, repeat those that it needs.
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Session-Assertion $holdfast_assertion;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header Upgrade $holdfast_upgrade;
    proxy_set_header Connection $holdfast_connection;
    # What a client may not say about itself, or about what it asked for.
${SAID_BY_NOBODY.map((name) => `    proxy_set_header ${name} '';`).join('\n')}
`
