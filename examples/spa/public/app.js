// The page: what it does with the token client. How it looks is in view.js.
import { createTokenClient } from './holdfast/index.js'
import * as view from './view.js'

const UNREACHABLE = 'We cannot reach the server. You are still signed in; we go on trying.'
const AGAIN = 3_000

const $ = (selector) => document.querySelector(selector)
const json = { 'Content-Type': 'application/json' }

const settings = await (await fetch('/settings.json')).json()
const client = createTokenClient({ ...settings, onIdleWarning: view.askStillThere })
let again

client.listen(changed)
$('#sign-in').addEventListener('submit', (event) => void signIn(event))
$('#note').addEventListener('submit', (event) => void addNote(event))
$('#ask').addEventListener('click', () => void load())
$('#end').addEventListener('click', () => void endOnServer())
$('#sign-out').addEventListener('click', () => void signOut())
$('#leave').addEventListener('click', () => void signOut())
// The click itself is what the client takes for activity: there is nothing left to do.
$('#stay').addEventListener('click', () => $('#idle').close())
addEventListener('online', () => void load())
changed(client.state)
try {
  await client.restore()
} catch {
  view.showTrouble('We cannot reach the server. We go on trying.')
}

/** Somebody signed in or is not signed in any more, here or in another tab. */
function changed({ status, reason }) {
  view.showStatus(status)
  view.showTrouble('')
  view.showNotice(reason === null ? '' : view.reasonText(reason))
  if (status === 'signed-in') void load()
}

/** Asks the API. Null when there is no answer that could be shown; the page says so by itself then. */
async function ask(path, init) {
  clearTimeout(again)
  let response
  try {
    response = await client.fetch(path, init)
  } catch {
    // Offline, or a renewal that was needed and is not possible now.
  }
  if (response?.ok) {
    view.showTrouble('')
    return response.json()
  }
  if (client.state.status !== 'signed-in') return null
  view.showTrouble(UNREACHABLE)
  again = setTimeout(() => void load(), AGAIN)
  return null
}

async function load() {
  if (client.state.status !== 'signed-in') return
  const me = await ask('/api/me')
  const notes = me === null ? null : await ask('/api/notes')
  // Meanwhile somebody may have signed out: what comes late is not shown.
  if (notes === null || client.state.status !== 'signed-in') return
  view.show(me)
  view.showNotes(notes)
}

async function addNote(event) {
  event.preventDefault()
  const body = JSON.stringify({ text: $('#text').value })
  const notes = await ask('/api/notes', { method: 'POST', headers: json, body })
  if (notes === null) return
  $('#note').reset()
  view.showNotes(notes)
}

async function endOnServer() {
  await ask('/api/end', { method: 'POST' })
  await load()
}

/** The application's own sign-in begins a cookie session; the client then asks for tokens on it. */
async function signIn(event) {
  event.preventDefault()
  view.showSignInProblem('')
  const { username, password } = Object.fromEntries(new FormData($('#sign-in')))
  try {
    const body = JSON.stringify({ username, password })
    const response = await fetch('/api/sign-in', { method: 'POST', headers: json, body })
    if (!response.ok) {
      view.showSignInProblem((await response.json()).detail)
      return
    }
    await client.signIn()
    $('#sign-in').reset()
    $('#main').focus()
  } catch {
    view.showSignInProblem('That did not work. Try again in a moment.')
  }
}

async function signOut() {
  try {
    await client.signOut()
  } catch {
    view.showTrouble(
      'This browser has forgotten your tokens, but the server could not be told. Load the page again and sign out once more.',
    )
  }
}
