export { copyAsServer } from './lib/postgres-files.js'
export {
  FAST,
  PostgresServer,
  type PostgresServerOptions,
  skipPostgres,
} from './lib/postgres-server.js'
