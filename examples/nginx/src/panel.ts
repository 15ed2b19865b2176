import { createServer, type Server } from 'node:http'
import type { AssertionReader } from '@holdfast/client'
import { html } from '@holdfast/example-express/kit'
import type { Assertion } from '@holdfast/protocol'
import { page, PAGE_HEADERS } from './pages.js'

/** The second application, on plain node:http: it believes the assertion of the check, and asks nobody. */
export function createPanel(read: AssertionReader): Server {
  return createServer((req, res) => {
    void answer(read, req.headers['x-session-assertion']).then(([status, body]) =>
      res.writeHead(status, PAGE_HEADERS).end(body),
    )
  })
}

async function answer(
  read: AssertionReader,
  header: string | readonly string[] | undefined,
): Promise<readonly [number, string]> {
  try {
    const assertion = await read(header)
    if (assertion !== null) return [200, panelPage(assertion)]
    return [401, page('Who are you?', html`<p>Nobody has said so.</p>`)]
  } catch {
    return [503, page('Please try again', html`<p>We cannot tell who you are just now.</p>`)]
  }
}

function panelPage({ sub, sid, auth_time, exp, iat }: Assertion): string {
  return page(
    'Panel',
    html`<p class="lead">What nginx has told this application, signed by the daemon.</p>
      <dl class="card">
        <dt>Account</dt>
        <dd>${sub}</dd>
        <dt>Session</dt>
        <dd><code class="long">${sid}</code></dd>
        <dt>Signed in</dt>
        <dd>${new Date(auth_time * 1000).toUTCString()}</dd>
        <dt>Good for</dt>
        <dd>${exp - iat} s</dd>
      </dl>`,
  )
}
