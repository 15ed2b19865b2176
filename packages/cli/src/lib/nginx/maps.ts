import { zoneOf } from './names.js'
import type { Site } from './site.js'

/** What only the daemon may say, after X-Session-. */
export const SPOOFED = ['Assertion', 'App', 'Login', 'Subject', 'Id', 'User'] as const

/** Everything that stands outside of a server: the same in every site, so that several can stand in one nginx. */
export function maps(site: Site): string {
  const given = SPOOFED.map((name) => `$http_x_session_${name.toLowerCase()}`).join('')
  const base = `# A WebSocket asks for an upgrade, and nothing else does: by h2c a visitor would speak with an application past nginx.
map $http_upgrade $holdfast_upgrade {
    default   '';
    websocket websocket;
}
map $holdfast_upgrade $holdfast_connection {
    default upgrade;
    ''      '';
}

# What only the daemon may say.
map "${given}" $holdfast_spoofed {
    default 1;
    ''      0;
}

# One answer gives one token. An application that has just signed somebody in has the last word, not the renewal of what was before.
map "$holdfast_cookie|$upstream_http_set_cookie" $holdfast_set_cookie {
    default $holdfast_cookie;
    '~^([^=|]+)=[^|]*\\|(?:.*, ?)?\\1=' '';
}
# Whatever an application says of its page: with a visitor's token it is for nobody's cache.
map $holdfast_set_cookie $holdfast_cache_control {
    default no-store;
    ''      '';
}
`
  return site.cache === null ? base : `${base}\n${cache(site, site.cache)}`
}

function cache(site: Site, folder: string): string {
  return `# Checks that nginx may answer from its cache. How long is the daemon's to say (check.cache in its configuration): that, and a
# second, is the most that a revocation lags. Its files hold tokens: keep the folder on a file system in memory.
proxy_cache_path ${folder} levels=1 keys_zone=${zoneOf(site)}:10m max_size=64m inactive=10s use_temp_path=off;
map "$request_method $http_upgrade" $holdfast_ask_always {
    'GET '  0;
    'HEAD ' 0;
    default 1;
}
`
}
