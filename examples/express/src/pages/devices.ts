import type { SessionInfo } from '@holdfast/core'
import { type Html, html } from '../html.js'
import { button, type PageParts, type Visit } from './layout.js'
import { timeOf } from './time.js'

const MOST_SHOWN = 50

/** The list of a subject's sessions, this one first. */
export function devicesPage(
  visit: Visit,
  devices: readonly SessionInfo[],
  currentId: string | null,
): PageParts {
  const shown = devices.slice(0, MOST_SHOWN)
  const more = devices.length - shown.length
  return {
    title: 'Your devices',
    content: html`<h1>Your devices</h1>
      <p class="lead">
        Everywhere <strong>${visit.subject ?? ''}</strong> is signed in. What you end here is out on
        its next click.
      </p>
      <ul class="devices">
        ${shown.map((device) => deviceItem(visit, device, device.id === currentId))}
      </ul>
      ${more > 0 ? html`<p class="hint">And ${more} more.</p>` : null}
      <div class="actions">
        ${devices.length > 1 ? button(visit, '/logout-others', html`End all others`) : null}
        ${button(visit, '/logout-everywhere', html`Sign out everywhere`, 'danger')}
      </div>
      <p class="hint">
        The address is kept as its network only. “Last seen” is noted every few minutes, not with
        each click.
      </p>`,
  }
}

function deviceItem(visit: Visit, device: SessionInfo, current: boolean): Html {
  const label = device.client?.label ?? 'Unknown device'
  return html`<li class="card">
    <div>
      <h2>${label} ${current ? html`<span class="badge">This device</span>` : null}</h2>
      <dl>
        <dt>Address</dt>
        <dd>${device.client?.address ?? 'not known'}</dd>
        <dt>Signed in</dt>
        <dd>${timeOf(device.createdAt)}</dd>
        <dt>Last seen</dt>
        <dd>${current ? 'now' : timeOf(device.lastSeenAt)}</dd>
        <dt>Session</dt>
        <dd><code class="long">${device.id}</code></dd>
      </dl>
    </div>
    ${button(
      visit,
      `/sessions/${device.id}/revoke`,
      current
        ? html`Sign out`
        : html`End <span class="hidden">${label}, last seen ${timeOf(device.lastSeenAt)}</span>`,
    )}
  </li>`
}
