import type { Expectations } from './check/model.js'
import type { Proxy } from './proxy.js'
import type { Place, StoreServer } from './servers/server.js'
import type { Stage } from './stage.js'

/** What a scenario has to do with: a server, or several, and the proxy before it. */
interface Scene<S extends Place> {
  readonly stage: Stage
  readonly server: S
  readonly proxy: Proxy
}

/** One kind of trouble, again and again while the workers go on. */
export interface Scenario<S extends Place = StoreServer> {
  readonly name: string
  readonly expected: Expectations
  readonly run: (scene: Scene<S>) => Promise<void>
}

/** Nothing that was acknowledged is lost, nothing that was seen comes back. */
export const ALL: Expectations = { durable: true, steady: true }

const kill: Scenario = {
  name: 'kill -9 and restart',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      stage.fault('kill')
      await server.kill()
      await stage.down(
        () => stage.pause(0, 100),
        () => server.start(),
      )
      await stage.pause(100, 300)
    }
  },
}

const stop: Scenario = {
  name: 'pause (SIGSTOP)',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      stage.fault('pause')
      await server.freeze()
      await stage.down(
        () => stage.pause(50, 1500),
        () => server.thaw(),
      )
      await stage.pause(100, 1000)
    }
  },
}

const cut: Scenario = {
  name: 'cut',
  expected: ALL,
  async run({ stage, proxy }) {
    while (stage.goesOn) {
      stage.fault('cut')
      proxy.cut()
      await stage.pause(100, 400)
      await stage.cutOff(proxy, 'refuse', 50, 1000)
      await stage.pause(200, 1000)
    }
  },
}

const blackhole: Scenario = {
  name: 'blackhole',
  expected: ALL,
  async run({ stage, proxy }) {
    while (stage.goesOn) {
      await stage.cutOff(proxy, 'blackhole', 100, 2000)
      await stage.pause(500, 1000)
    }
  },
}

/** Longer than anything that was read before may be believed. */
const longOutage: Scenario = {
  name: 'out for 8 s',
  expected: ALL,
  async run({ stage, server, proxy }) {
    do {
      await stage.cutOff(proxy, 'blackhole', 8000, 8000)
      await stage.pause(1000, 2000)
      stage.fault('kill')
      await server.kill()
      await stage.down(
        () => stage.pause(8000, 8000),
        () => server.start(),
      )
      await stage.pause(1000, 2000)
    } while (stage.goesOn)
  },
}

const silent: Scenario = {
  name: 'connections go silent for good',
  expected: ALL,
  async run({ stage, proxy }) {
    do {
      stage.fault('silence')
      proxy.silence()
      stage.up()
      await stage.pause(5000, 5000)
    } while (stage.goesOn)
  },
}

const deaf: Scenario = {
  name: 'requests arrive, answers do not',
  expected: ALL,
  async run({ stage, proxy }) {
    while (stage.goesOn) {
      stage.fault('deaf')
      proxy.set({ kind: 'deaf' })
      await stage.pause(100, 1000)
      proxy.set({ kind: 'none' })
      stage.up()
      await stage.pause(500, 1000)
    }
  },
}

const slow: Scenario = {
  name: 'delay and throttle',
  expected: ALL,
  async run({ stage, proxy }) {
    while (stage.goesOn) {
      stage.fault('delay')
      proxy.set({ kind: 'delay', milliseconds: 20 + stage.random() * 500 })
      await stage.pause(500, 1500)
      stage.fault('throttle')
      proxy.set({ kind: 'throttle', rate: 20_000 })
      await stage.pause(500, 1500)
      proxy.set({ kind: 'none' })
      await stage.pause(500, 1000)
    }
  },
}

const halfClose: Scenario = {
  name: 'half-close',
  expected: ALL,
  async run({ stage, proxy }) {
    while (stage.goesOn) {
      stage.fault('half-close')
      proxy.halfClose()
      stage.up()
      await stage.pause(200, 800)
    }
  },
}

const emptyHanded: Scenario = {
  name: 'restart empty-handed',
  expected: ALL,
  async run({ stage, server }) {
    while (stage.goesOn) {
      stage.fault('empty')
      await stage.emptied(async () => {
        await server.kill()
        await stage.down(
          () => server.wipe(),
          () => server.start(),
        )
      })
      await stage.pause(1000, 2000)
    }
  },
}

const dropPush: Scenario = {
  name: 'push channel dropped, then silent for 7 s',
  expected: ALL,
  async run({ stage, server, proxy }) {
    for (;;) {
      for (let times = 0; times < 5; times++) {
        stage.fault('drop push')
        await server.dropPush()
        await stage.pause(50, 300)
      }
      // Calls are answered, changes are not heard of.
      stage.fault('silent push')
      proxy.set({ kind: 'blackhole' }, 'push')
      await stage.pause(7000, 7000)
      proxy.set({ kind: 'none' })
      if (!stage.goesOn) return
    }
  },
}

export const clocks: Scenario = {
  name: 'clocks jump by an hour',
  expected: ALL,
  async run({ stage }) {
    const [jumper = 1] = stage.fleet.workers
    do {
      for (const offset of [3_600_000, 0, -3_600_000, 0]) {
        stage.fault('clock')
        stage.fleet.setClock(jumper, offset)
        await stage.pause(1000, 2000)
      }
    } while (stage.goesOn)
  },
}

/** What any server behind a proxy can be made to suffer. */
export const COMMON: readonly Scenario[] = [
  kill,
  stop,
  cut,
  blackhole,
  longOutage,
  silent,
  deaf,
  slow,
  halfClose,
  emptyHanded,
  dropPush,
  clocks,
]
