import { type Html, html } from '../html.js'
import type { Problem } from '../problem.js'
import { layout } from './layout.js'

/** Pages with forms: where to go on when one of their forms was refused. */
const PAGES = ['/cart', '/sessions', '/login', '/reauthenticate'] as const

/** A failure, for people. It knows nothing of the visitor: the session may be what failed. */
export function errorPage({ status, title, message }: Problem, path: string): Html {
  const page = PAGES.find((each) => path.startsWith(each))
  return layout(null, {
    title,
    content: html`<section class="narrow">
      <p class="status-code">${status}</p>
      <h1>${title}</h1>
      <p class="lead">${message}</p>
      <p>
        <a href="${page ?? '/'}"
          >${page === undefined ? 'Go to the home page' : 'Load the page again'}</a
        >
      </p>
    </section>`,
  })
}
