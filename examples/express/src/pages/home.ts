import { type Html, html } from '../html.js'
import type { PageParts, Visit } from './layout.js'
import { signInForm } from './sign-in.js'
import { timeOf } from './time.js'

/** What the home page tells of the visitor's session. */
export interface SessionFacts {
  readonly id: string
  readonly createdAt: number
  readonly authenticatedAt: number
  readonly expiresAt: number
  readonly methods: readonly string[]
}

export function homePage(visit: Visit, facts: SessionFacts | null): PageParts {
  return facts === null ? signedOut(visit) : signedIn(visit, facts)
}

function signedOut(visit: Visit): PageParts {
  return {
    title: 'Sessions that end when you say so',
    content: html`<div class="columns">
      <section>
        <h1>Sessions that end when you say so</h1>
        <p class="lead">
          Holdfast answers three questions about every web request: whose it is, whether that is
          still true, and how to end it everywhere, now.
        </p>
        <ul class="points">
          <li>
            <strong>Ended stays ended.</strong> Sign a device out, and it is out on its next click.
          </li>
          <li><strong>No change is lost.</strong> Many tabs may write to one session at once.</li>
          <li>
            <strong>Looking costs nothing.</strong> You have no cookie and no session yet.
            <a href="/cart">Put something into the cart</a>, and you have.
          </li>
        </ul>
      </section>
      <section aria-labelledby="sign-in">
        <h2 id="sign-in">Sign in</h2>
        ${signInForm(visit, { returnTo: '/' })}
      </section>
    </div>`,
  }
}

function signedIn(visit: Visit, facts: SessionFacts): PageParts {
  return {
    title: 'Home',
    content: html`<h1>Hello, ${visit.subject ?? ''}</h1>
      <div class="columns">
        <section class="card" aria-labelledby="facts">
          <h2 id="facts">This session</h2>
          <dl>
            <dt>Id</dt>
            <dd>
              <code class="long">${facts.id}</code
              ><span class="hint">Public: it names the session and opens nothing.</span>
            </dd>
            <dt>Began</dt>
            <dd>${timeOf(facts.createdAt)}</dd>
            <dt>Password given</dt>
            <dd>${timeOf(facts.authenticatedAt)}${methodsText(facts.methods)}</dd>
            <dt>Ends unless used</dt>
            <dd>${timeOf(facts.expiresAt)}</dd>
          </dl>
        </section>
        <section aria-labelledby="try">
          <h2 id="try">What to try</h2>
          <ul class="points">
            <li>
              Sign in with a second browser, then end it under <a href="/sessions">Your devices</a>:
              it is out on its next click.
            </li>
            <li>Change <a href="/cart">the cart</a> in many tabs at once: every change counts.</li>
            <li>
              Come back to <a href="/vault">the vault</a> after three minutes: it asks for your
              password again.
            </li>
            <li>
              Stop the server with <kbd>kill -9</kbd> and start it again: you are still signed in,
              and what you ended is still ended.
            </li>
          </ul>
        </section>
      </div>`,
  }
}

function methodsText(methods: readonly string[]): Html | null {
  return methods.length === 0 ? null : html` <span class="hint">(${methods.join(', ')})</span>`
}
