import { html } from '../html.js'
import type { PageParts, Visit } from './layout.js'
import { timeOf } from './time.js'

export function vaultPage(visit: Visit, secret: string, openUntil: number): PageParts {
  return {
    title: 'Vault',
    content: html`<h1>Vault</h1>
      <p class="lead">
        This page opens only to someone who gave the password in the last three minutes. A stolen,
        open laptop does not open it.
      </p>
      <section class="card" aria-labelledby="secret">
        <h2 id="secret">Recovery code of ${visit.subject ?? ''}</h2>
        <p><code class="secret">${secret}</code></p>
        <p class="hint">It closes ${timeOf(openUntil)}. Then it asks again.</p>
      </section>`,
  }
}
