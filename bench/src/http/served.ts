import { startDatabase } from '../databases/start.js'
import { serveCrew } from '../edge/crew.js'
import { serveSite } from '../edge/site.js'
import type { Served, Serving } from './model.js'
import { type OneServer, startOne } from './one-server.js'

/** Starts what a row is about. */
export function serve(serving: Serving): Promise<Served> {
  const { group } = serving.row
  if (group === 'nginx') return serveSite(serving)
  return group === 'workers' ? serveCrew(serving) : serveOne(serving)
}

/** One server in one process, and its database. */
async function serveOne({ row, node, folder, scale, key, pinned }: Serving): Promise<Served> {
  const database =
    row.database === undefined
      ? null
      : await startDatabase(row.database, { folder, core: pinned ? 1 : null, durable: false })
  try {
    const server: OneServer = await startOne(node, pinned ? 0 : null, {
      variant: row.variant,
      sessions: scale.sessions,
      folder,
      key,
      database: database?.address ?? null,
    })
    return {
      ...server,
      database,
      cpu: async () => ({ cpu: await server.cpu() }),
      stop: async () => {
        await server.stop()
        await database?.stop()
      },
    }
  } catch (error) {
    await database?.stop()
    throw error
  }
}
