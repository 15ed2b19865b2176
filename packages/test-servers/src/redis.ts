export { RedisCluster } from './lib/redis-cluster.js'
export { RedisServer, type RedisServerOptions, skipRedis } from './lib/redis-server.js'
