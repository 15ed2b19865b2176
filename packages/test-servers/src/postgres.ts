export {
  copyAsServer,
  FAST,
  PostgresServer,
  type PostgresServerOptions,
  skipPostgres,
} from './lib/postgres-server.js'
