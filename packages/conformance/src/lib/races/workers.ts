import type { OpenSession, Session } from '@holdfast/core/engine'

type Work = (session: Session, open: OpenSession, subject: string) => unknown

/** What requests do while their session ends. */
export const WORKERS: ReadonlyMap<string, Work> = new Map<string, Work>([
  ['reader', (session) => session.get('n')],
  ['writer', (session) => session.set('written', 1)],
  ['remover', (session) => session.unset('n')],
  ['toucher', (session) => session.touch()],
  ['renewer', (session) => session.rotate()],
  ['updater', (session) => session.update('n', (n) => Number(n ?? 0) + 1)],
  ['flash reader', (session) => session.takeFlash('notice')],
  ['form', (session) => session.csrfToken()],
  ['reauthenticator', (session) => session.reauthenticate()],
  ['authenticator', (session, _open, subject) => session.authenticate(subject)],
  ['switcher', (session, _open, subject) => session.authenticate(subject, { keepData: false })],
  ['retry', (session) => session.set('again', 1)],
  ['slow writer', slowWrite],
])

async function slowWrite(session: Session): Promise<void> {
  await session.update('n', (n) => Number(n ?? 0) + 1)
  session.set('written', 2)
  session.touch()
}
