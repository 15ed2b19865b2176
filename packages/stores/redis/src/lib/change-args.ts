import type { RecordChange } from '@holdfast/core/store'
import { hashBytes, packMethods } from './codec.js'
import type { Arg } from './driver.js'

/** A change as the arguments of `UPDATE_SCRIPT`, from `now` on; '' is "not there". */
export function changeArgs(
  change: RecordChange,
  channel: string,
  slack: number,
  reservation: { readonly reserved: number; readonly goodUntil: number } | null,
): readonly Arg[] {
  const { touch, settle, rotate, replace, authenticate } = change
  const groups: readonly (readonly Arg[])[] = [
    [text(change.now), channel, text(slack)],
    [text(change.ifVersion), text(change.ifGeneration), text(change.maxDataBytes)],
    [text(touch?.lastSeenAt), text(touch?.idleDeadline)],
    [bytes(settle?.verifierHash), text(settle?.at)],
    [bytes(rotate?.ifVerifierHash), bytes(rotate?.verifierHash)],
    [rotate?.sealed ?? '', text(rotate?.at)],
    [bytes(replace?.verifierHash), text(replace?.at)],
    [authenticate?.subject ?? '', text(authenticate?.at)],
    [authenticate === undefined ? '' : packMethods(authenticate.methods)],
    [text(authenticate?.idleDeadline), text(authenticate?.absoluteDeadline)],
    [authenticate?.persistent === true ? '1' : '0'],
    [text(reservation?.reserved), text(reservation?.goodUntil)],
    dataArgs(change),
  ]
  return groups.flat()
}

function dataArgs({ set, unset, clear }: RecordChange): readonly string[] {
  const writes = set !== undefined || unset !== undefined || clear === true
  const removed = unset ?? []
  const flags = [writes ? '1' : '0', clear === true ? '1' : '0', String(removed.length)]
  return [...flags, ...removed, ...[...(set ?? [])].flat()]
}

function text(value: number | undefined): string {
  return value === undefined ? '' : String(value)
}

function bytes(hash: string | undefined): Arg {
  return hash === undefined ? '' : hashBytes(hash)
}
