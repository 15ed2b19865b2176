import { poolOf, redisOf } from './clients.js'
import type { DatabaseAddress } from './model.js'

/** Bytes that a database needs for what is in it now, indexes included. */
export async function sizeOf(address: DatabaseAddress): Promise<number> {
  if (address.name !== 'postgres') {
    const client = redisOf(address)
    const text = await client.info('memory')
    client.disconnect()
    return Number(/used_memory:(\d+)/.exec(text)?.[1])
  }
  const pool = poolOf(address, 1)
  const { rows } = await pool.query<{ bytes: string }>(
    `select sum(pg_total_relation_size(oid)) bytes from pg_class
     where relkind = 'r' and relnamespace = 'holdfast'::regnamespace`,
  )
  await pool.end()
  return Number(rows[0]?.bytes)
}
