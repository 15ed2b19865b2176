import type { Actor } from './actor.js'
import { isObject, type Said, type Verdict } from './verdict.js'

// What an actor may be told, and what must have become of its session. An operation that was refused may have taken place
// or not; nothing else may have happened.

/** What is known of an actor before it is told anything. */
type Known = Pick<Actor, 'operation' | 'id' | 'subject' | 'keepsake' | 'cookie'>

/** What can be asked of one afterwards. */
export type Witness = Known & Asked & Pick<Actor, 'texts' | 'other' | 'look' | 'record' | 'notice'>

/** Why an answer cannot be true; null if it can. To be asked with what the actor knew before the request. */
export function contradiction(actor: Known, verdict: Verdict, before: Asked): string | null {
  const { operation, id } = actor
  if (verdict.kind === 'wrong') return verdict.why
  if (verdict.kind === 'refused') return null
  const mayBeOver = isMaybeOver(actor, before)
  if (verdict.kind === 'ended') return mayBeOver ? null : 'it says that the session is over'
  const { said } = verdict
  if (operation.sender === 'nobody') return ofNobody(actor, said)
  if (said.id === null && (mayBeOver || operation.name === 'revoke')) return null
  // A sign-in that finds its anonymous session gone begins another.
  if (said.id !== id && !(operation.name === 'sign-in' && mayBeOver))
    return `session ${said.id} was served instead of ${id}`
  const subject = operation.sender === 'member' || operation.name === 'sign-in'
  if (said.subject !== (subject ? actor.subject : null)) return `subject ${said.subject} was served`
  if (said.id === id && said.keepsake !== actor.keepsake) return 'the session has lost its data'
  return result(actor, said.out, before)
}

/** What had come of the actor's requests. */
export interface Asked {
  readonly refused: number
  readonly served: number
}

function isMaybeOver({ operation: { lost, name } }: Known, { refused, served }: Asked): boolean {
  if (lost === 'nothing') return false
  // Another actor ends everyone too.
  return refused > 0 || name === 'revoke-everyone' || (lost === 'session' && served > 0)
}

function ofNobody(actor: Known, said: Said): string | null {
  const { operation, subject } = actor
  const { name } = operation
  if (name === 'anonymous') return said.id === null ? null : 'nobody was served a session'
  if (actor.cookie === null) return 'no session was begun'
  const wanted = name === 'csrf' ? null : subject
  return said.subject === wanted ? null : `subject ${said.subject} was signed in`
}

/** Whether the operation's own result is true. */
function result(actor: Known, out: unknown, { refused, served }: Asked): string | null {
  const wrong = `the result ${JSON.stringify(out)} is not true`
  switch (actor.operation.name) {
    case 'get':
      return isObject(out) && out['id'] === actor.id && out['reason'] === null ? null : wrong
    case 'list':
      return Array.isArray(out) && out.join() === actor.id ? null : wrong
    case 'update':
      return typeof out === 'number' && out > served && out <= served + refused + 1 ? null : wrong
    case 'flash':
      if (served === 0 && out === actor.keepsake) return null
      return served + refused > 0 && out === null ? null : wrong
    default:
      return null
  }
}

/** What became of an actor's session. */
export interface Fate {
  /** Why it cannot be; null if it can. */
  readonly wrong: string | null
  /** The session goes on, and its only token left with an answer that was lost. */
  readonly lost: boolean
}

const WELL: Fate = { wrong: null, lost: false }

function bad(wrong: string): Fate {
  return { wrong, lost: false }
}

/** Looks at the session once the trouble is over. */
export async function fateOf(actor: Witness): Promise<Fate> {
  const { operation, served } = actor
  if (operation.sender === 'nobody') {
    if (served === 0) return WELL
    const said = await actor.look()
    const begun = said !== null && (said.id !== null || operation.name === 'anonymous')
    const why = begun ? ofNobody(actor, said) : 'the session is not served'
    return why === null ? WELL : bad(`afterwards ${why}`)
  }
  if (operation.lost === 'session') return fateOfEnded(actor)
  if (operation.lost === 'token') return fateOfToken(actor)
  const why = isOwn(actor, await actor.look()) ?? (await aftermath(actor))
  return why === null ? WELL : bad(`afterwards ${why}`)
}

function isOwn(actor: Known, said: Said | null): string | null {
  if (said === null) return 'the session is not served'
  if (said.id !== actor.id) return `the cookie stands for ${said.id}, not ${actor.id}`
  const wanted = actor.operation.sender === 'member' ? actor.subject : null
  if (said.subject !== wanted) return `the subject is ${said.subject}`
  return said.keepsake === actor.keepsake ? null : 'the data is lost'
}

const REASONS: Readonly<Record<string, string>> = { revoke: 'logout' }

async function fateOfEnded(actor: Witness): Promise<Fate> {
  const record = await actor.record(actor.id)
  const said = await actor.look()
  if (record === null || said === null) return bad('afterwards the record is gone')
  const { reason } = record
  if (reason === null) {
    if (actor.served > 0) return bad('it was revoked, and lives')
    const why = isOwn(actor, said)
    return why === null ? WELL : bad(`afterwards ${why}`)
  }
  const everyone = actor.operation.name === 'revoke-everyone'
  if (reason !== (REASONS[actor.operation.name] ?? 'revoked'))
    return bad(`ended as ${JSON.stringify(reason)}`)
  if (actor.refused + actor.served === 0 && !everyone)
    return bad('ended, and nobody asked for that')
  return said.id === null ? WELL : bad('it was revoked, and is served')
}

async function fateOfToken(actor: Witness): Promise<Fate> {
  const said = await actor.look()
  const signsIn = actor.operation.name === 'sign-in'
  const own = said?.id === actor.id && said.keepsake === actor.keepsake
  if (own && said.subject === actor.subject) return WELL
  if (own && signsIn && said.subject === null && actor.served === 0) return WELL
  if (actor.refused === 0) return bad('signed out, and nothing was refused')
  const record = await actor.record(actor.id)
  const goesOn = record !== null && record['reason'] === null && record['subject'] === actor.subject
  if (!goesOn) return bad(`the session is ${JSON.stringify(record)}`)
  return { wrong: null, lost: true }
}

/** Whether what was written is there, and only that. */
async function aftermath(actor: Witness): Promise<string | null> {
  const { refused, served, texts, other } = actor
  const out = (await actor.look())?.out
  const kept = isObject(out) ? out : {}
  switch (actor.operation.name) {
    case 'set': {
      const allowed: unknown[] = refused === 0 ? texts.slice(-1) : texts
      const isSet = allowed.includes(kept['text'])
      return isSet || (served === 0 && kept['text'] === null)
        ? null
        : `it holds ${String(kept['text'])}`
    }
    case 'update': {
      const count = Number(kept['count'] ?? 0)
      return count >= served && count <= served + refused ? null : `it counts ${count}`
    }
    case 'flash': {
      const left = await actor.notice()
      const taken = served + refused > 0 && left === null
      return taken || (served === 0 && left === actor.keepsake) ? null : `there is ${String(left)}`
    }
    case 'revoke-others': {
      const reason = (await actor.record(other?.id ?? null))?.['reason']
      const ended = served + refused > 0 && reason === 'logout_others'
      return ended || (served === 0 && reason === null) ? null : `the other is ${String(reason)}`
    }
    default:
      return null
  }
}
