import { createServer, type Server } from 'node:http'
import type { AssertionReader } from '@holdfast/client'
import { html } from '@holdfast/example-express/kit'
import type { Assertion } from '@holdfast/protocol'
import { page, PAGE_HEADERS } from './pages.js'

/** The second application, on plain node:http: it believes the assertion of the check, and asks nobody. */
export function createPanel(read: AssertionReader): Server {
  return createServer((req, res) => {
    const send = (status: number, body: string): void => {
      res.writeHead(status, PAGE_HEADERS).end(body)
    }
    read(req.headers['x-session-assertion']).then(
      (assertion) => {
        if (assertion === null) send(401, page('Who are you?', html`<p>Nobody has said so.</p>`))
        else send(200, panelPage(assertion))
      },
      () => send(503, page('Please try again', html`<p>We cannot tell who you are just now.</p>`)),
    )
  })
}

function panelPage({ sub, sid, auth_time, exp, iat }: Assertion): string {
  const rows = [
    ['Account', sub],
    ['Session', sid],
    ['Signed in', new Date(auth_time * 1000).toISOString()],
    ['This statement is good for', `${exp - iat} s`],
  ] as const
  return page(
    'Panel',
    html`<dl>
      ${rows.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>`,
  )
}
