import type { Site, SiteApp } from './site.js'
import { TLS } from './tls.js'

const HSTS = 'add_header Strict-Transport-Security "max-age=63072000" always;'

/** The configuration of a site behind the daemon, for nginx 1.18 and later. */
export function nginxConfiguration(site: Site, command: string): string {
  return [
    introduction(site, command),
    maps(site),
    upstreams(site),
    plainServer(site),
    secureServer(site),
  ].join('\n')
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
# which no other application believes. What would be open: 'auth_request off', and 'return' or 'rewrite' in a location, which
# nginx does before it checks anything.
`
}

function maps({ cache }: Site): string {
  const base = `# A WebSocket asks for an upgrade; other requests share connections to their application.
map $http_upgrade $holdfast_connection {
    default upgrade;
    ''      '';
}

# What only the daemon may say. (nginx drops headers with underscores by itself: leave underscores_in_headers off.)
map "$http_x_session_assertion$http_x_session_app$http_x_session_login$http_x_session_subject$http_x_session_id$http_x_session_user" $holdfast_spoofed {
    default 1;
    ''      0;
}
`
  if (cache === null) return base
  return `${base}
# Checks that nginx may answer from its cache. How long is the daemon's to say (check.cache in its configuration): that, and a
# second, is the most that a revocation lags. Its files hold tokens: keep the folder on a file system in memory.
proxy_cache_path ${cache} levels=1 keys_zone=holdfast:10m max_size=64m inactive=10s use_temp_path=off;
map "$request_method $http_upgrade" $holdfast_ask_always {
    'GET '  0;
    'HEAD ' 0;
    default 1;
}
`
}

function upstreams({ socket, apps }: Site): string {
  const one = (name: string, address: string): string => `upstream ${name} {
    server ${address};
    keepalive 32;
}
`
  return [
    '# Without keepalive each check would open a connection of its own, at a third of the speed.',
    one('holdfast_check', `unix:${socket}`),
    ...apps.map(({ name, server }) => one(upstreamOf(name), server)),
  ].join('\n')
}

function plainServer({ domains, httpPort, httpsPort }: Site): string {
  const port = httpsPort === 443 ? '' : `:${httpsPort}`
  return `server {
    listen ${httpPort};
    listen [::]:${httpPort};
    server_name ${domains.join(' ')};

    # Certificates are renewed over plain HTTP.
    location ^~ /.well-known/acme-challenge/ {
        root /var/www/html;
    }
    location / {
        return 301 https://$host${port}$request_uri;
    }
}
`
}

function secureServer(site: Site): string {
  const { domains, httpsPort, certificate, certificateKey, apps, open } = site
  const [first] = apps
  return `server {
    listen ${httpsPort} ssl http2;
    listen [::]:${httpsPort} ssl http2;
    server_name ${domains.join(' ')};

    ssl_certificate ${certificate};
    ssl_certificate_key ${certificateKey};
${TLS}
    # In each location that has an add_header of its own, repeat these two.
    ${HSTS}
    add_header Set-Cookie $holdfast_cookie always;

    if ($holdfast_spoofed) {
        return 400;
    }

    auth_request ${checkOf(first)};
    auth_request_set $holdfast_assertion $upstream_http_x_session_assertion;
    auth_request_set $holdfast_cookie $upstream_http_set_cookie;
    auth_request_set $holdfast_login $upstream_http_x_session_login;

    # Nobody is signed in: pages lead to the sign-in, everything else is told 401.
    error_page 401 = @holdfast_login;
    # The daemon does not answer, or its store does not: nobody is let in.
    error_page 500 = @holdfast_unavailable;

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Session-Assertion $holdfast_assertion;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $holdfast_connection;

${apps.map(appLocation).join('\n')}
${open.map((path) => openLocation(path, appFor(path, apps))).join('\n')}
    location @holdfast_login {
        auth_request off;
        if ($holdfast_login = '') {
            return 401;
        }
        return 302 $holdfast_login;
    }

    location @holdfast_unavailable {
        auth_request off;
        default_type text/html;
        add_header Retry-After 5 always;
        add_header Cache-Control no-store always;
        ${HSTS}
        return 503 '<!doctype html><title>Please try again</title><p>We cannot tell who you are at the moment. You are not signed out; please try again in a few seconds.';
    }

${apps.flatMap((app) => checks(site, app)).join('\n')}}
`
}

function appLocation(app: SiteApp): string {
  return `    location ${app.path} {
        auth_request ${checkOf(app)};
        proxy_pass http://${upstreamOf(app.name)};
    }
`
}

function openLocation(path: string, app: SiteApp): string {
  const kind = path.endsWith('/') ? '' : '= '
  return `    # Open to everybody; who is signed in is known here too.
    location ${kind}${path} {
        auth_request ${checkOf(app)}/optional;
        proxy_pass http://${upstreamOf(app.name)};
    }
`
}

function checks(site: Site, app: SiteApp): readonly string[] {
  return [
    checkLocation(site, app, checkOf(app), '/v1/check'),
    checkLocation(site, app, `${checkOf(app)}/optional`, '/v1/check/optional'),
  ]
}

function checkLocation({ cache }: Site, app: SiteApp, location: string, path: string): string {
  return `    location = ${location} {
        internal;
        auth_request off;
        proxy_pass http://holdfast_check${path};
        proxy_pass_request_body off;
        proxy_set_header Content-Length '';
        proxy_set_header Transfer-Encoding '';
        proxy_set_header Connection '';
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header X-Session-App ${app.name};
        proxy_set_header X-Forwarded-Method $request_method;
        proxy_set_header X-Forwarded-Uri $request_uri;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_connect_timeout 1s;
        proxy_send_timeout 1s;
        proxy_read_timeout 2s;
${cache === null ? '' : CACHED(app.name, path)}    }
`
}

/** All that a decision rests on is in the key. */
const CACHED = (app: string, path: string): string => `        proxy_cache holdfast;
        proxy_cache_key '${app} ${path} $scheme $http_host $remote_addr $http_user_agent $http_cookie';
        proxy_cache_bypass $holdfast_ask_always;
        proxy_no_cache $holdfast_ask_always;
`

/** The application whose path is the longest that leads there. */
function appFor(path: string, apps: readonly [SiteApp, ...SiteApp[]]): SiteApp {
  const found = apps
    .filter((app) => `${path}/`.startsWith(app.path))
    .toSorted((one, other) => other.path.length - one.path.length)
  return found[0] ?? apps[0]
}

function checkOf({ name }: SiteApp): string {
  return `/.holdfast/${name}`
}

function upstreamOf(name: string): string {
  return `holdfast_app_${name.replaceAll('-', '_')}`
}
