/** What an operation asks of its store: nothing, a read that this process may remember, a read, a write. */
export type Need = 'nothing' | 'kept' | 'read' | 'write'

export type OperationName =
  | 'anonymous'
  | 'read'
  | 'get'
  | 'list'
  | 'set'
  | 'update'
  | 'flash'
  | 'touch'
  | 'renew'
  | 'csrf'
  | 'sign-in-new'
  | 'sign-in'
  | 'reauthenticate'
  | 'rotate'
  | 'revoke'
  | 'revoke-others'
  | 'revoke-all'
  | 'revoke-everyone'

/** One route of the application, and how it is asked for. */
export interface Operation {
  readonly name: OperationName
  readonly method: 'GET' | 'POST'
  readonly need: Need
  /** Whose cookie the request carries. */
  readonly sender: 'nobody' | 'anonymous' | 'member'
  /** What may have become of the session where an answer was lost, beside nothing and what was asked for. */
  readonly lost: 'nothing' | 'token' | 'session'
}

export const OPERATIONS: readonly Operation[] = [
  { name: 'anonymous', method: 'GET', need: 'nothing', sender: 'nobody', lost: 'nothing' },
  { name: 'read', method: 'GET', need: 'kept', sender: 'member', lost: 'nothing' },
  { name: 'get', method: 'GET', need: 'read', sender: 'member', lost: 'nothing' },
  { name: 'list', method: 'GET', need: 'read', sender: 'member', lost: 'nothing' },
  { name: 'set', method: 'POST', need: 'write', sender: 'member', lost: 'nothing' },
  { name: 'update', method: 'POST', need: 'write', sender: 'member', lost: 'nothing' },
  { name: 'flash', method: 'POST', need: 'write', sender: 'member', lost: 'nothing' },
  { name: 'touch', method: 'POST', need: 'write', sender: 'member', lost: 'nothing' },
  // A plain read, by a manager that renews every token it sees.
  { name: 'renew', method: 'GET', need: 'write', sender: 'member', lost: 'nothing' },
  { name: 'csrf', method: 'GET', need: 'write', sender: 'nobody', lost: 'nothing' },
  { name: 'sign-in-new', method: 'POST', need: 'write', sender: 'nobody', lost: 'nothing' },
  { name: 'sign-in', method: 'POST', need: 'write', sender: 'anonymous', lost: 'token' },
  { name: 'reauthenticate', method: 'POST', need: 'write', sender: 'member', lost: 'token' },
  { name: 'rotate', method: 'POST', need: 'write', sender: 'member', lost: 'token' },
  { name: 'revoke', method: 'POST', need: 'write', sender: 'member', lost: 'session' },
  { name: 'revoke-others', method: 'POST', need: 'write', sender: 'member', lost: 'nothing' },
  { name: 'revoke-all', method: 'POST', need: 'write', sender: 'member', lost: 'session' },
  { name: 'revoke-everyone', method: 'POST', need: 'write', sender: 'member', lost: 'session' },
]

export function isOperationName(text: string): text is OperationName {
  return OPERATIONS.some(({ name }) => name === text)
}
