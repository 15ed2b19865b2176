import { until } from '@holdfast/test-servers/wait'
import { ask } from '../support/client.js'
import type { TestDaemon } from '../support/daemon.js'

/** SIGHUP; resolves when the new workers answer and the old ones are gone. */
export async function reload(daemon: TestDaemon, count: number): Promise<void> {
  await daemon.says('reloaded: ', () => daemon.child.kill('SIGHUP'))
  await until(() => daemon.workers().length === count, 'the old workers are gone')
}

/** Kills the workers where they stand, each when the one before has been replaced. */
export async function replaceWorkers(daemon: TestDaemon): Promise<void> {
  const old = daemon.workers()
  for (const pid of old) {
    process.kill(pid, 'SIGKILL')
    await until(() => !daemon.workers().includes(pid), 'a worker has ended')
    await until(async () => (await answering(daemon)) === old.length, 'all workers answer')
  }
}

/** How many workers answer. */
async function answering({ socket }: TestDaemon): Promise<number> {
  const { body } = await ask(socket('admin.sock'), { path: '/v1/status' })
  const { workers }: { readonly workers: number } = JSON.parse(body)
  return workers
}
