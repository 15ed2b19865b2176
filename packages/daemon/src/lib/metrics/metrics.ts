import type { SessionEvent, Sessions } from '@holdfast/core'
import { AggregatorRegistry, collectDefaultMetrics, Counter, Registry } from 'prom-client'
import { CheckCounts, type CheckResult } from './check-counts.js'

/** The counters of one process as JSON, to be sent to the process that answers for all. */
export type MetricsReport = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** The counters of one process. No label holds what a client, a visitor or an application chose. */
export interface Metrics {
  readonly registry: Registry
  check(result: CheckResult, seconds: number): void
  /** `operation` is the name of a route, or `none`. */
  request(door: 'app' | 'admin' | 'monitor', operation: string, status: number): void
  /** Events that the audit log could not hold. */
  auditLost(count: number): void
  /** Events that a reader of the stream was too slow for. */
  eventsLost(count: number): void
  /** Counts what happens to sessions, until the returned function is called. */
  watch(sessions: Sessions): () => void
  report(): Promise<MetricsReport>
}

/** Reasons that are named: the engine's own, and those that applications are advised to use. Everything else is `other`. */
const REASONS: ReadonlySet<string> = new Set([
  'revoked',
  'logout',
  'logout_others',
  'account_switched',
  'evicted',
  'token_reuse',
  'password_changed',
])

type Counters = ReturnType<typeof createCounters>

/** Makes the counters of this process, with those of the process itself (`process_*`, `nodejs_*`). */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counters = createCounters(registry)
  const checks = new CheckCounts()
  checks.register(registry)
  return {
    registry,
    check: (result, seconds) => checks.add(result, seconds),
    request: (door, operation, status) => counters.requests.inc({ door, operation, status }),
    auditLost: (count) => counters.auditLost.inc(count),
    eventsLost: (count) => counters.eventsLost.inc(count),
    watch: (sessions) => sessions.on('*', (event) => countEvent(counters, event)),
    report: () => registry.getMetricsAsJSON(),
  }
}

/** The counters of several processes together, as Prometheus reads them. */
export function metricsTextOf(reports: readonly MetricsReport[]): Promise<string> {
  return AggregatorRegistry.aggregate([...reports]).metrics()
}

function createCounters(registry: Registry) {
  const counter = <Label extends string>(
    name: string,
    help: string,
    ...labelNames: Label[]
  ): Counter<Label> => new Counter({ name, help, labelNames, registers: [registry] })
  return {
    requests: counter(
      'holdfast_requests_total',
      'Requests of applications, administrators and monitors',
      'door',
      'operation',
      'status',
    ),
    created: counter('holdfast_sessions_created_total', 'Sessions that began'),
    authenticated: counter('holdfast_sessions_authenticated_total', 'Sign-ins', 'again'),
    renewed: counter('holdfast_sessions_renewed_total', 'Tokens that were replaced in passing'),
    expired: counter('holdfast_sessions_expired_total', 'Sessions found expired', 'reason'),
    revoked: counter('holdfast_sessions_revoked_total', 'Revocations', 'target', 'reason'),
    rejected: counter('holdfast_sessions_rejected_total', 'Tokens not honoured', 'reason'),
    reused: counter('holdfast_token_reuse_total', 'Superseded tokens that came back'),
    excess: counter('holdfast_sessions_excess_total', 'Sign-ins over the limit', 'outcome'),
    csrf: counter('holdfast_csrf_refused_total', 'Requests refused as of another site'),
    writes: counter('holdfast_session_writes_refused_total', 'Writes to sessions that had ended'),
    storeFailures: counter('holdfast_store_failures_total', 'Store calls that failed', 'code'),
    auditLost: counter('holdfast_audit_lost_total', 'Events that the audit log could not hold'),
    eventsLost: counter('holdfast_events_lost_total', 'Events that readers were too slow for'),
  }
}

function countEvent(counters: Counters, event: SessionEvent): void {
  switch (event.type) {
    case 'session_created':
      return counters.created.inc()
    case 'session_authenticated':
      return counters.authenticated.inc({ again: String(event.again) })
    case 'session_renewed':
      return counters.renewed.inc()
    case 'session_expired':
      return counters.expired.inc({ reason: event.reason })
    case 'session_revoked': {
      const reason = REASONS.has(event.reason) ? event.reason : 'other'
      return counters.revoked.inc({ target: event.target, reason })
    }
    case 'session_rejected':
      return counters.rejected.inc({ reason: event.reason })
    case 'token_reuse':
      return counters.reused.inc()
    case 'excess_sessions_exceeded':
      return counters.excess.inc({ outcome: event.outcome })
    case 'csrf_refused':
      return counters.csrf.inc()
    case 'session_write_refused':
      return counters.writes.inc()
    case 'store_failed':
      return counters.storeFailures.inc({ code: event.code })
    default:
  }
}
