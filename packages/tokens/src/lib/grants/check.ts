import type { MaybePromise } from '@holdfast/core'
import { andThen, isPromise, judgeLife, readRecord, readStored } from '@holdfast/core/engine'
import type { SessionRecord } from '@holdfast/core/store'
import type { AccessClaims } from '../access/claims.js'
import type { TokenReason } from '../errors.js'
import { grantName } from './grant.js'
import type { Issuer } from './issuer.js'

type Checked = Pick<AccessClaims, 'sid' | 'gid' | 'sub' | 'tenant'>

/**
 * Why an access token whose signature and times are right is not honoured all the same: it is another tenant's, its session has
 * ended, or its grant is gone. Null if it is. Answers at once where the record is at hand. Errors: store errors.
 */
export function checkSession(issuer: Issuer, claims: Checked): MaybePromise<TokenReason | null> {
  const { engine } = issuer
  if (!isOfTenant(issuer, claims)) return 'tenant'
  const record = readRecord(engine, claims.sid)
  if (isPromise(record)) return record.then((found) => judge(found, claims, engine.now()))
  const reason = judge(record, claims, engine.now())
  if (reason !== 'grant_gone') return reason
  // What is remembered here may be from before the grant, which another process has just written.
  const stored = readStored(engine, claims.sid)
  return andThen(stored, (found) => judge(found, claims, engine.now()))
}

/** Whether an access token is of the tenant that this issuer serves. */
export function isOfTenant({ engine }: Issuer, { tenant }: Pick<AccessClaims, 'tenant'>): boolean {
  return (tenant ?? '') === (engine.tenant ?? '')
}

function judge(
  record: SessionRecord | null,
  { gid, sub }: Checked,
  now: number,
): TokenReason | null {
  if (record === null) return 'unknown'
  const life = judgeLife(record, now)
  if (life !== 'current') return life
  return record.subject === sub && record.data.has(grantName(gid)) ? null : 'grant_gone'
}
