import { type Html, html } from '../html.js'

/** What a page knows of its visitor. */
export interface Visit {
  readonly path: string
  /** The account that is signed in. */
  readonly subject: string | null
  /** For forms. Null while the visitor has no session: then there is nothing that a foreign form could ride on. */
  readonly csrfToken: string | null
  readonly notice: string | null
}

export interface PageParts {
  readonly title: string
  readonly content: Html
}

const LINKS = [
  ['/', 'Home'],
  ['/cart', 'Cart'],
  ['/sessions', 'Your devices'],
  ['/vault', 'Vault'],
] as const

/** The frame of all pages. Without a visit (the session could not be read) it says nothing of who is signed in. */
export function layout(visit: Visit | null, { title, content }: PageParts): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Holdfast</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/site.css" />
        <script src="/site.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <div class="bar">
            <a class="brand" href="/"
              ><img src="/icon.svg" alt="" width="28" height="28" />Holdfast</a
            >
            <nav aria-label="Site">
              <ul>
                ${LINKS.map(([path, name]) => link(visit, path, name))}
              </ul>
            </nav>
            ${visit === null ? null : account(visit)}
          </div>
        </header>
        <main id="main" tabindex="-1">
          <div role="status">
            ${
              visit === null || visit.notice === null
                ? null
                : html`<p class="notice">${visit.notice}</p>`
            }
          </div>
          ${content}
        </main>
        <footer>
          <p>An example of <strong>Holdfast</strong>: sessions that end when you say so.</p>
        </footer>
      </body>
    </html>`
}

/** A form of this site: posted, with the session's CSRF token. */
export function form(visit: Visit, action: string, content: Html, className = ''): Html {
  return html`<form method="post" action="${action}" class="${className}">
    ${
      visit.csrfToken === null
        ? null
        : html`<input type="hidden" name="_csrf" value="${visit.csrfToken}" />`
    }
    ${content}
  </form>`
}

/** A form that is nothing but its button. */
export function button(visit: Visit, action: string, label: Html, className = ''): Html {
  return form(visit, action, html`<button class="${className}">${label}</button>`)
}

function link(visit: Visit | null, path: string, name: string): Html {
  const mark = visit?.path === path ? html` aria-current="page"` : null
  return html`<li><a href="${path}" ${mark}>${name}</a></li>`
}

function account(visit: Visit): Html {
  if (visit.subject === null)
    return visit.path === '/login'
      ? html`<div class="account"></div>`
      : html`<div class="account"><a href="/login">Sign in</a></div>`
  const label = html`Sign out`
  return html`<div class="account">
    <span><span class="hidden">Signed in as </span><strong>${visit.subject}</strong></span>
    ${button(visit, '/logout', label, 'plain')}
  </div>`
}
