import type { ConfigPlace } from './config/load.js'
import { activatedSockets, strangeSockets } from './process/activation.js'
import { notifySystemd } from './process/notify.js'
import { Primary } from './process/primary.js'
import { readSettings } from './process/read-settings.js'
import { sayTo } from './process/say.js'

/** Where the daemon is told what to do. */
export interface ServeOptions {
  /** The configuration's file. Default `/etc/holdfast/holdfast.toml`, which may be missing. */
  readonly config?: string | undefined
  /** Default: that of the process. */
  readonly environment?: ConfigPlace['environment']
}

/**
 * Runs the daemon in this process, and workers beside it, until a signal ends it. SIGTERM and SIGINT let it finish what is under way,
 * a second one ends it at once; SIGHUP reads the configuration again. Resolves to the exit code: 0, or 1 where it could not start.
 */
export async function serve({
  config,
  environment = process.env,
}: ServeOptions = {}): Promise<number> {
  const log = sayTo(process.stderr)
  const place = { file: config, environment }
  const stopped = untilStopped()
  // What comes while it starts or stops is of no use, and must not end it.
  const reload = { by: (): void => undefined }
  const hangUp = (): void => reload.by()
  process.on('SIGHUP', hangUp)
  try {
    const settings = readSettings(place, log)
    const activated = activatedSockets(environment, process.pid)
    for (const each of strangeSockets(activated, settings)) log(`warning: ${each}`)
    const primary = new Primary({ place, settings, activated, log })
    void stopped.second.then(() => {
      primary.kill()
      process.exit(1)
    })
    await primary.start()
    reload.by = (): void => void reloadBy(primary, environment, log)
    notifySystemd(environment, '--ready', `--status=${await statusOf(primary)}`)
    log(`ready: ${await statusOf(primary)}`)
    await stopped.first
    reload.by = () => undefined
    notifySystemd(environment, 'STOPPING=1')
    log('stopping')
    await primary.stop()
    return 0
  } catch (error) {
    log(error instanceof Error ? error.message : 'it failed for an unknown reason')
    return 1
  } finally {
    stopped.forget()
    process.off('SIGHUP', hangUp)
  }
}

async function reloadBy(
  primary: Primary,
  environment: ConfigPlace['environment'],
  log: (text: string) => void,
): Promise<void> {
  try {
    notifySystemd(environment, 'RELOADING=1')
    await primary.control.reload()
    log(`reloaded: ${await statusOf(primary)}`)
  } catch (error) {
    // Whoever rotates logs sends the same signal.
    await primary.reopen()
    log(
      `not reloaded, everything goes on as before: ${error instanceof Error ? error.message : ''}`,
    )
  } finally {
    notifySystemd(environment, 'READY=1')
  }
}

async function statusOf({ control }: Primary): Promise<string> {
  const { version, workers, store } = await control.status()
  return `version ${version}, ${workers} ${workers === 1 ? 'worker' : 'workers'}, ${store} store`
}

interface Stopped {
  readonly first: Promise<void>
  readonly second: Promise<void>
  readonly forget: () => void
}

function untilStopped(): Stopped {
  let count = 0
  const resolvers: (() => void)[] = []
  const first = new Promise<void>((resolve) => resolvers.push(resolve))
  const second = new Promise<void>((resolve) => resolvers.push(resolve))
  const hear = (): void => resolvers[count++]?.()
  const signals = ['SIGTERM', 'SIGINT'] as const
  for (const signal of signals) process.on(signal, hear)
  return {
    first,
    second,
    forget: () => {
      for (const signal of signals) process.off(signal, hear)
    },
  }
}
