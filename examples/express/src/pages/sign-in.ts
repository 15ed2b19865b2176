import { type Html, html } from '../html.js'
import type { Problem } from '../problem.js'
import { form, type PageParts, type Visit } from './layout.js'

/** What a form of this page shows again after it was refused. */
export interface SignInState {
  readonly returnTo: string
  readonly username?: string
  readonly problem?: Problem
}

export function signInPage(visit: Visit, state: SignInState): PageParts {
  const failed = state.problem === undefined ? '' : 'Error: '
  return {
    title: `${failed}Sign in`,
    content: html`<section class="narrow">
      <h1>Sign in</h1>
      ${signInForm(visit, state)}
    </section>`,
  }
}

export function signInForm(visit: Visit, { returnTo, username = '', problem }: SignInState): Html {
  return form(
    visit,
    '/login',
    html`${problemText(problem)}
      <input type="hidden" name="returnTo" value="${returnTo}" />
      <label for="username">Account</label>
      <input
        id="username"
        name="username"
        value="${username}"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        maxlength="64"
        required
        ${described(problem)}
      />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        maxlength="1024"
        required
        ${described(problem)}
      />
      <label class="check"
        ><input type="checkbox" name="remember" value="yes" /> Stay signed in when the browser
        closes</label
      >
      <button class="primary">Sign in</button>
      <p class="hint">
        Two accounts to try: <code>demo1</code> and <code>demo2</code>, password
        <code>holdfast-demo</code>.
      </p>`,
    'card stack',
  )
}

export function reauthenticatePage(visit: Visit, { returnTo, problem }: SignInState): PageParts {
  const failed = problem === undefined ? '' : 'Error: '
  return {
    title: `${failed}Your password again`,
    content: html`<section class="narrow">
      <h1>Your password again</h1>
      <p>
        What you are about to see needs a fresh proof that you are
        <strong>${visit.subject ?? ''}</strong>.
      </p>
      ${form(
        visit,
        '/reauthenticate',
        html`${problemText(problem)}
          <input type="hidden" name="returnTo" value="${returnTo}" />
          <input
            type="hidden"
            name="username"
            value="${visit.subject ?? ''}"
            autocomplete="username"
          />
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            maxlength="1024"
            required
            ${described(problem)}
          />
          <button class="primary">Go on</button>`,
        'card stack',
      )}
    </section>`,
  }
}

function problemText(problem: Problem | undefined): Html | null {
  return problem === undefined
    ? null
    : html`<p class="problem" role="alert" id="problem">${problem.message}</p>`
}

function described(problem: Problem | undefined): Html | null {
  return problem === undefined ? null : html`aria-invalid="true" aria-describedby="problem"`
}
