// What people see: nothing here knows of tokens.
const $ = (selector) => document.querySelector(selector)

/** Shows the parts for a status: 'unknown', 'signed-in' or 'signed-out'. */
export function showStatus(status) {
  for (const part of document.querySelectorAll('[data-when]'))
    part.hidden = part.dataset.when !== status
  if (status !== 'signed-in') empty()
  // What had the focus may be gone.
  if (status !== 'unknown' && document.activeElement?.checkVisibility() !== true) $('#main').focus()
}

/** Fills in values by name. */
export function show(values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of document.querySelectorAll(`[data-text=${name}]`)) place.textContent = value
  }
}

/** Nothing of the account stays on the page. */
function empty() {
  show({ subject: '', sessionId: '', scope: '', renewals: '' })
  showNotes([])
  $('#note').reset()
  $('#idle').close()
}

export function showNotes(notes) {
  const items = notes.map((text) => {
    const item = document.createElement('li')
    item.textContent = text
    return item
  })
  $('#notes').replaceChildren(...items)
}

/** A message that is read out; an empty one takes the last away. */
export function showNotice(text) {
  fill($('#notice'), text, 'notice')
}

/** Trouble that is nobody's fault here; an empty text takes it away. */
export function showTrouble(text) {
  if ($('#trouble').textContent !== text) fill($('#trouble'), text, 'problem')
}

function fill(place, text, className) {
  const paragraph = document.createElement('p')
  paragraph.className = className
  paragraph.textContent = text
  place.replaceChildren(...(text === '' ? [] : [paragraph]))
}

/** What is wrong with the sign-in form; an empty text for nothing. */
export function showSignInProblem(text) {
  const problem = $('#sign-in-problem')
  problem.hidden = text === ''
  problem.textContent = text
  for (const input of document.querySelectorAll('#sign-in input')) {
    if (text === '') input.removeAttribute('aria-describedby')
    else input.setAttribute('aria-describedby', problem.id)
  }
  if (text !== '') $('#password').value = ''
}

let countdown

/** Asks whether somebody is there, with the seconds that are left; null closes the question. */
export function askStillThere(warning) {
  clearInterval(countdown)
  const dialog = $('#idle')
  if (warning === null) {
    dialog.close()
    return
  }
  const end = Date.now() + warning.endsIn
  const tick = () => show({ idleSeconds: Math.max(Math.round((end - Date.now()) / 1000), 0) })
  tick()
  countdown = setInterval(tick, 1000)
  if (!dialog.open) dialog.showModal()
}

const REASONS = {
  sign_out: 'You are signed out, in all tabs.',
  logout: 'You are signed out.',
  token_reuse:
    'Somebody used a copy of your sign-in. We ended it for both of you. If this was not you, change your password.',
  idle_expired: 'You were away for too long, so we signed you out.',
  absolute_expired: 'Your session has reached its end. Sign in again.',
  ended_on_server: 'This session was ended on the server.',
}

/** Why nobody is signed in any more, in words; empty where nobody was. */
export function reasonText(reason) {
  return reason === null ? '' : (REASONS[reason] ?? 'Your session has ended.')
}
