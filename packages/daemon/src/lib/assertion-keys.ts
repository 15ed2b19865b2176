import type { Sessions } from '@holdfast/core'
import { engineOf } from '@holdfast/core/engine'
import type { AssertionKey } from '@holdfast/protocol'

/** The keys of each application's assertions: one from each key of the ring, newest first, under its public name. */
export function createAssertionKeys(sessions: Sessions): (app: string) => readonly AssertionKey[] {
  const known = new Map<string, readonly AssertionKey[]>()
  const { keys: ring } = engineOf(sessions)
  let of = ring.keys
  return (app) => {
    if (of !== ring.keys) known.clear()
    of = ring.keys
    const keys = known.get(app) ?? ring.secrets(`assertion/${app}`).map(toKey)
    known.set(app, keys)
    return keys
  }
}

function toKey({ id, secret }: { readonly id: string; readonly secret: Uint8Array }): AssertionKey {
  return { kty: 'oct', alg: 'HS256', kid: id, k: Buffer.from(secret).toString('base64url') }
}
