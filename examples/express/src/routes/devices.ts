import type { SessionInfo, Sessions } from '@holdfast/core'
import type { SessionData } from '@holdfast/express'
import { Router } from 'express'
import { devicesPage } from '../pages/devices.js'
import { Problem } from '../problem.js'
import { allowOnly, done, sendPage, signedIn, wantsJson } from '../respond.js'

/** "Your devices": the sessions of the account that is signed in. */
export function deviceRoutes(sessions: Sessions<SessionData>): Router {
  const router = Router()

  router
    .route('/sessions')
    .get(async (req, res) => {
      const devices = await devicesOf(sessions, signedIn(req), req.session.id)
      if (wantsJson(req))
        res.vary('Accept').json(devices.map((each) => toJson(each, req.session.id)))
      else await sendPage(req, res, (visit) => devicesPage(visit, devices, req.session.id))
    })
    .all(allowOnly('GET'))

  router
    .route('/sessions/:id/revoke')
    .post(async (req, res) => {
      const subject = signedIn(req)
      const { id } = req.params
      const device = await sessions.get(id)
      // Ids are no secrets, so what they may do is for the account to say: others' sessions do not exist here.
      if (device?.subject !== subject || device.revokedAt !== null)
        throw new Problem(404, 'not_found', 'You have no such session.')
      if (id === req.session.id) {
        await req.session.revoke('ended_by_owner')
        done(req, res, { json: { ended: 1 }, to: '/' })
        return
      }
      const ended = (await sessions.revoke(id, { reason: 'ended_by_owner' })) ? 1 : 0
      const notice = `${device.client?.label ?? 'The device'} was signed out.`
      done(req, res, { json: { ended }, to: '/sessions', notice })
    })
    .all(allowOnly('POST'))

  return router
}

/** This one first, then by when they were last seen. */
async function devicesOf(
  sessions: Sessions<SessionData>,
  subject: string,
  currentId: string | null,
): Promise<readonly SessionInfo[]> {
  const devices: SessionInfo[] = []
  for await (const device of sessions.list(subject)) devices.push(device)
  const rank = ({ id, lastSeenAt }: SessionInfo): number =>
    id === currentId ? Infinity : lastSeenAt
  return devices.toSorted((one, other) => rank(other) - rank(one))
}

function toJson(device: SessionInfo, currentId: string | null): object {
  const { id, createdAt, authenticatedAt, lastSeenAt, expiresAt, client } = device
  return {
    id,
    current: id === currentId,
    label: client?.label ?? null,
    address: client?.address ?? null,
    createdAt,
    authenticatedAt,
    lastSeenAt,
    expiresAt,
  }
}
