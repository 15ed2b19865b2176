import type { RedisServer } from '@holdfast/test-servers/redis'

/** What a Redis says of its place among others. */
export interface Role {
  readonly role: string
  /** Ports of those that follow it, where it is the master. */
  readonly replicas: readonly number[]
  /** Whether it follows its master, where it is a replica. */
  readonly linked: boolean
}

/** Of one that does not answer, nothing is known. */
export async function roleOf(server: Pick<RedisServer, 'command'>): Promise<Role> {
  const reply = await server.command('ROLE').catch(() => null)
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : []
  const role = typeof parts[0] === 'string' ? parts[0] : 'gone'
  const list: readonly unknown[] = Array.isArray(parts[2]) ? parts[2] : []
  const replicas = list.map((each) => (Array.isArray(each) ? Number(each[1]) : 0))
  return { role, replicas, linked: parts[3] === 'connected' }
}
