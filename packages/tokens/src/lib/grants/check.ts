import type { MaybePromise } from '@holdfast/core'
import { isPromise, judgeLife, readRecord } from '@holdfast/core/engine'
import type { SessionRecord } from '@holdfast/core/store'
import type { AccessClaims } from '../access/claims.js'
import type { TokenReason } from '../errors.js'
import { grantName } from './grant.js'
import type { Issuer } from './issuer.js'

/**
 * Why an access token whose signature and times are right is not honoured all the same: its session has ended, or its grant is
 * gone. Null if it is. Answers at once where the record is at hand. Errors: store errors.
 */
export function checkSession(
  { engine }: Issuer,
  claims: Pick<AccessClaims, 'sid' | 'gid' | 'sub'>,
): MaybePromise<TokenReason | null> {
  const record = readRecord(engine, claims.sid)
  return isPromise(record)
    ? record.then((found) => judge(found, claims, engine.now()))
    : judge(record, claims, engine.now())
}

function judge(
  record: SessionRecord | null,
  { gid, sub }: Pick<AccessClaims, 'gid' | 'sub'>,
  now: number,
): TokenReason | null {
  if (record === null) return 'unknown'
  const life = judgeLife(record, now)
  if (life !== 'current') return life
  return record.subject === sub && record.data.has(grantName(gid)) ? null : 'grant_gone'
}
