import { checkOf, checkUpstreamOf, upstreamOf, zoneOf } from './names.js'
import type { Site, SiteApp } from './site.js'

/** Where visitors get to applications, and where nginx asks about them. */
export function locations(site: Site): string {
  const { apps, open } = site
  return [
    ...apps.filter(({ path }) => !open.includes(path)).map((app) => appLocation(site, app)),
    ...open.map((path) => openLocation(site, path, appFor(path, apps))),
    ...apps.flatMap((app) => [
      checkLocation(site, app, checkOf(app), '/v1/check'),
      checkLocation(site, app, `${checkOf(app)}/optional`, '/v1/check/optional'),
    ]),
  ].join('\n')
}

function appLocation(site: Site, app: SiteApp): string {
  return `    location ${app.path} {
        auth_request ${checkOf(app)};
        proxy_pass http://${upstreamOf(site, app)};
    }
`
}

function openLocation(site: Site, path: string, app: SiteApp): string {
  const kind = path.endsWith('/') ? '' : '= '
  return `    # Open to everybody; who is signed in is known here too. With its path, proxy_pass hands on what nginx has made of the
    # address: '/cart/..%2flogin' would stand here else, and be another page to the application; a backslash too.
    location ${kind}${path} {
        if ($request_uri ~* '^[^?]*(?:\\x5c|%5c)') {
            return 400;
        }
        auth_request ${checkOf(app)}/optional;
        proxy_pass http://${upstreamOf(site, app)}${path};
    }
`
}

function checkLocation(site: Site, app: SiteApp, location: string, path: string): string {
  return `    location = ${location} {
        internal;
        auth_request off;
        proxy_pass http://${checkUpstreamOf(site)}${path};
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
        proxy_hide_header X-Session-Assertion;
        proxy_hide_header X-Session-Login;
        proxy_connect_timeout 1s;
        proxy_send_timeout 1s;
        proxy_read_timeout 2s;
${site.cache === null ? UNCACHED : cached(site, app.name, path)}    }
`
}

/** Even where all of nginx has a cache. */
const UNCACHED = '        proxy_cache off;\n'

/**
 * All that a decision rests on is in the key, apart by line breaks, which no header has. How long is for the daemon alone to say: what
 * all of nginx says about caches does not count. Files that are kept open save nginx three of four system calls; how long an answer
 * is good stands in the file.
 */
function cached(site: Site, app: string, path: string): string {
  return `        proxy_cache ${zoneOf(site)};
        proxy_cache_key '${app} ${path} $scheme $remote_addr\\n$http_host\\n$http_user_agent\\n$http_cookie';
        proxy_cache_bypass $holdfast_ask_always;
        proxy_no_cache $holdfast_ask_always;
        proxy_cache_valid any 0;
        proxy_cache_use_stale off;
        open_file_cache max=2000 inactive=10s;
        open_file_cache_valid 1s;
        open_file_cache_min_uses 1;
        open_file_cache_errors off;
        proxy_ignore_headers Vary;
`
}

/** The application whose path is the longest that leads there. */
function appFor(path: string, apps: readonly [SiteApp, ...SiteApp[]]): SiteApp {
  const found = apps
    .filter((app) => `${path}/`.startsWith(app.path))
    .toSorted((one, other) => other.path.length - one.path.length)
  return found[0] ?? apps[0]
}
