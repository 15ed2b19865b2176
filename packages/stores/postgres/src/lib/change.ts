import type { RecordChange } from '@holdfast/core/store'
import { dataOf, toBytea } from './rows.js'
import { toText } from './text.js'

/** A change as the function `update_session` reads it, in JSON. Absent parts stay absent. */
export function toJsonChange(change: RecordChange): string {
  const { set, unset, settle, rotate, replace, authenticate } = change
  return JSON.stringify({
    now: change.now,
    ifVersion: change.ifVersion,
    ifGeneration: change.ifGeneration,
    set: set === undefined ? undefined : dataOf(set),
    unset: unset?.map(toText),
    clear: change.clear === true ? true : undefined,
    maxDataBytes: change.maxDataBytes,
    touch: change.touch,
    settle: settle && { ...settle, verifierHash: toBytea(settle.verifierHash) },
    rotate: rotate && {
      ifVerifierHash: toBytea(rotate.ifVerifierHash),
      verifierHash: toBytea(rotate.verifierHash),
      sealed: toText(rotate.sealed),
      at: rotate.at,
    },
    replace: replace && { ...replace, verifierHash: toBytea(replace.verifierHash) },
    authenticate: authenticate && {
      ...authenticate,
      subject: toText(authenticate.subject),
      methods: authenticate.methods.map(toText),
    },
  })
}

/**
 * Whether the change must be on the disk when it is acknowledged: all but a record of activity, which a crash may take
 * back without harm (the session ends a little earlier).
 */
export function mustLast(change: RecordChange): boolean {
  const { set, unset, clear, settle, rotate, replace, authenticate } = change
  return [set, unset, clear, settle, rotate, replace, authenticate].some(
    (part) => part !== undefined,
  )
}
