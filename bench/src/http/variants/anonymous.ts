import { cookieHeader } from '../../harness/visitors.js'

const TOKEN_LENGTH = 95

/** Cookie headers as long as Holdfast's, for servers that do not look at them. */
export function anonymous(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    cookieHeader(String(index).padStart(TOKEN_LENGTH, '0')),
  )
}
