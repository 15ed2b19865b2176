import { ALL, type Scenario } from './scenarios.js'
import type { RedisServer } from './servers/redis.js'
import type { Tmpfs } from './servers/tmpfs.js'
import type { Stage } from './stage.js'

// Trouble that only one kind of store can have.

export const scriptFlush: Scenario<RedisServer> = {
  name: 'script flush',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      stage.fault('script flush')
      await server.command('SCRIPT', 'FLUSH')
      await stage.pause(5, 50)
    }
  },
}

export const flushAll: Scenario<RedisServer> = {
  name: 'FLUSHALL',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      stage.fault('flushall')
      await stage.emptied(async () => {
        await server.command('FLUSHALL')
      })
      await stage.pause(500, 1500)
    }
  },
}

export const memoryFull: Scenario<RedisServer> = {
  name: 'memory exhausted (noeviction)',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      stage.fault('memory')
      await server.command('CONFIG', 'SET', 'maxmemory', '1mb')
      await stage.pause(300, 1500)
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
      stage.up()
      await stage.pause(300, 1000)
    }
  },
}

/** Fills the disk under a store, and frees it again. */
export function diskFull(disk: Tmpfs): Scenario {
  return {
    name: 'disk full',
    expected: ALL,
    async run({ stage, server }) {
      while (stage.goesOn) {
        stage.fault('disk full')
        disk.fill()
        await stage.pause(500, 1500)
        disk.free()
        await server.answer()
        stage.up()
        await stage.pause(500, 1500)
      }
    },
  }
}

/** Of a store without a server, the processes are what dies. */
export const killWorkers: Scenario = {
  name: 'kill -9 of a worker',
  expected: ALL,
  async run({ stage }) {
    while (stage.goesOn) {
      const worker = someWorker(stage)
      stage.fault('kill worker')
      await stage.fleet.kill(worker)
      await stage.fleet.fork()
      await stage.pause(50, 300)
    }
  },
}

export const freezeWorkers: Scenario = {
  name: 'pause of a worker',
  expected: ALL,
  async run({ stage }) {
    while (stage.goesOn) {
      const worker = someWorker(stage)
      stage.fault('pause worker')
      await stage.fleet.freeze(worker)
      await stage.pause(100, 1500)
      stage.fleet.thaw(worker)
      await stage.pause(100, 500)
    }
  },
}

function someWorker({ fleet, random }: Stage): number {
  const { workers } = fleet
  return workers[Math.floor(random() * workers.length)] ?? 0
}

/** A server with snapshots and no log, as it is shipped: it comes back with what it knew a moment ago. */
export const killAfterSnapshot: Scenario<RedisServer> = {
  name: 'kill -9 after a snapshot',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      await server.command('SAVE')
      await stage.pause(200, 500)
      stage.fault('kill')
      await server.kill()
      await stage.down(
        () => stage.pause(0, 100),
        () => server.start(),
      )
    }
  },
}
