export { RedisCluster } from './lib/redis-cluster.js'
export { RedisSentinels } from './lib/redis-sentinels.js'
export { RedisServer, type RedisServerOptions, skipRedis } from './lib/redis-server.js'
