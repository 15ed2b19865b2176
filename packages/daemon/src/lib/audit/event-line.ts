import type { SessionEvent } from '@holdfast/core'

/**
 * An event as one line of JSON, time (ISO 8601, UTC) and type first. What is in it cannot break the line: JSON escapes control
 * characters, and the two line separators that it leaves alone are escaped here.
 */
export function eventLine(event: SessionEvent): string {
  const { at, type, ...fields } = event
  // The error of a listener may be anything, and hold anything.
  const shown = 'error' in fields ? { ...fields, error: nameOf(fields.error) } : fields
  const text = JSON.stringify({ at: new Date(at).toISOString(), type, ...shown })
  return `${text.replaceAll(SEPARATORS, escape)}\n`
}

/** JSON leaves them as they are: other control characters, invisible ones, and line separators. */
const SEPARATORS = /[\u007F-\u009F\p{Cf}\p{Zl}\p{Zp}]/gu

function escape(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
