import { html, type Html } from '@holdfast/example-express/kit'
import { securityHeaders } from '@holdfast/http'

/** Headers of every page: nothing but its own style. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...securityHeaders({
    contentSecurityPolicy:
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    strictTransportSecurity: false,
  }),
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
}

/** A page with little on it, in the middle. */
export function smallPage(title: string, content: Html): string {
  return frame(
    title,
    html`<section class="narrow">
      <h1>${title}</h1>
      ${content}
    </section>`,
  )
}

export function page(title: string, content: Html): string {
  return frame(
    title,
    html`<h1>${title}</h1>
      ${content}`,
  )
}

/** The frame of all pages. */
function frame(title: string, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Holdfast behind nginx</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/site.css" />
      </head>
      <body>
        <header>
          <div class="bar">
            <a class="brand" href="/"
              ><img src="/assets/icon.svg" alt="" width="28" height="28" />Holdfast</a
            >
            <nav aria-label="Site">
              <ul>
                <li><a href="/">Shop</a></li>
                <li><a href="/panel/">Panel</a></li>
              </ul>
            </nav>
          </div>
        </header>
        <main id="main">${content}</main>
      </body>
    </html>`.text
}
