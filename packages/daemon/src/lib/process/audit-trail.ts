import type { SessionEvent } from '@holdfast/core'
import { type AuditLog, type AuditOptions, openAuditLog } from '../audit/audit-log.js'
import { refused } from './run-folder.js'

/** The audit log of the configuration in force. */
export interface AuditTrail {
  record(event: SessionEvent): void
  /** Goes over to this file, null for none; opens it anew where it is the same. Errors: `ERR_SESSION_CONFIG`; the old one is used then. */
  open(path: string | null): Promise<void>
  /** After the file was moved away. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export function createAuditTrail(options: AuditOptions): AuditTrail {
  let current: { readonly path: string; readonly log: AuditLog } | null = null
  return {
    record: (event) => current?.log.record(event),
    open: async (path) => {
      const before = current
      if (path !== null && before?.path === path) return await before.log.reopen()
      current = path === null ? null : { path, log: openOrRefuse(path, options) }
      await before?.log.close()
    },
    reopen: async () => current?.log.reopen(),
    close: async () => {
      const before = current
      current = null
      await before?.log.close()
    },
  }
}

function openOrRefuse(path: string, options: AuditOptions): AuditLog {
  try {
    return openAuditLog(path, options)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw refused(
      `the audit log ${path} cannot be opened (${code}): make its folder, and let this user write there`,
    )
  }
}
