import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertionOf, heard, valuesOf } from '../lib/echo.js'
import type { World } from '../lib/world.js'

/** Locations as people write them who do not think of the check. */
export const LOCATIONS = `
    location /by-hand/ {
        proxy_pass http://holdfast_app_echo.localhost;
    }
    location /with-path/ {
        proxy_pass http://holdfast_app_echo.localhost/inside/;
    }
    location /own-headers/ {
        proxy_set_header Host $host;
        add_header X-Frame-Options DENY;
        proxy_pass http://holdfast_app_echo.localhost;
    }
    location /other/ {
        proxy_pass http://holdfast_app_panel.localhost/panel/;
    }
    location /nested/ {
        location ~ ^/nested/(.*)$ {
            proxy_pass http://holdfast_app_echo.localhost/$1;
        }
    }
    location /moved/ {
        rewrite ^/moved/(.*)$ /by-hand/$1 last;
    }
    location /files/ {
        alias /usr/share/;
        autoindex on;
    }
    location ~* \\.(txt|html)$ {
        root /usr/share;
        expires 30d;
    }
    location /tried/ {
        try_files /nowhere @by_hand;
    }
    location @by_hand {
        proxy_pass http://holdfast_app_echo.localhost;
    }
`

const ECHOES = ['/by-hand/', '/with-path/', '/own-headers/', '/nested/', '/moved/', '/tried/']
const OTHERS = ['/files/', '/anything.txt', '/assets/site.html', '/other/']

/** A location that is added in the obvious way is not open, and lets nobody be somebody else. */
export function handMadeLocations(world: () => World): void {
  test('a location that is added by hand is open to nobody', async () => {
    const visitor = world().visitor()
    for (const path of [...ECHOES, ...OTHERS]) {
      const { status, body } = await visitor.ask(path)
      assert.equal(status, 401, path)
      assert.ok(!body.includes('lines'), path)
    }
  })

  test('in a location that is added by hand nobody is taken for somebody else', async () => {
    const visitor = await world().visitor().signIn()
    for (const path of ECHOES) {
      const said = heard((await visitor.ask(path)).body)
      // None, or one for the first application.
      const [given = ''] = valuesOf(said, 'x-session-assertion')
      if (given !== '') assert.equal(assertionOf(said)['aud'], 'shop', path)
      const headers = { 'X-Session-Assertion': 'a.b.c' }
      assert.equal((await visitor.ask(path, { headers })).status, 400, path)
    }
    const { status, body } = await visitor.ask('/other/')
    assert.equal(status, 401)
    assert.match(body, /Who are you\?/)
    assert.equal((await visitor.ask('/files/')).status, 200)
  })
}
