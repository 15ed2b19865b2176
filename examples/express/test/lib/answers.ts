import assert from 'node:assert/strict'
import type { Answer } from './client.js'

/** Asserts that a script was answered with a problem (RFC 9457). */
export function isProblem(answer: Answer, status: number, code?: string): void {
  assert.equal(answer.status, status, answer.text.slice(0, 300))
  assert.match(answer.type, /^application\/problem\+json/)
  const problem = answer.json as Record<string, unknown>
  assert.equal(problem['status'], status)
  assert.equal(problem['type'], 'about:blank')
  assert.equal(typeof problem['title'], 'string')
  if (code !== undefined) assert.equal(problem['code'], code)
}
