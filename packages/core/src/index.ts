export { createSessions, DEFAULT_AUDIENCE } from './lib/manager.js'
export type { Resolution, RevokeAllOptions, Sessions, SessionsOptions } from './lib/manager.js'
export type { FreshOptions, Session } from './lib/session.js'
export type { DeepReadonly, SessionScope } from './lib/scope.js'
export type { AuthenticateOptions } from './lib/new-record.js'
export type { SessionInfo } from './lib/info.js'
export type { ClientFacts, ClientOptions } from './lib/client.js'
export type { ClientDescription } from './lib/record.js'
export type {
  DataOptions,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './lib/data-options.js'
export type { JsonValue } from './lib/json.js'
export type { KeyInput } from './lib/keys.js'
export type { RandomFill } from './lib/random.js'
export { describePolicy } from './lib/policy.js'
export type {
  Policy,
  PolicyComparison,
  PolicyDescription,
  PolicyOptions,
  PresetName,
} from './lib/policy.js'
export { SessionError } from './lib/errors.js'
export type { SessionErrorCode, SessionErrorOptions } from './lib/errors.js'
export type {
  RejectionReason,
  SessionEvent,
  SessionEventName,
  SessionListener,
} from './lib/events.js'
export type { MaybePromise } from './lib/maybe-promise.js'
export type { Clock } from './lib/time.js'
export { days, hours, minutes, seconds } from './lib/time.js'
