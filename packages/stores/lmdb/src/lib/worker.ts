import { parentPort, workerData } from 'node:worker_threads'
import { closeEnvironment, openEnvironment } from './environment.js'
import { storeFailure, unavailable } from './failures.js'
import { GroupRunner } from './group.js'
import { packAnswers, packError, type GroupMessage, type WriterMessage } from './wire.js'

/** What the main thread hands to the writer's thread. */
export interface WriterData {
  readonly path: string
  /** One shared counter: groups below it have been given up. */
  readonly wanted: Int32Array
}

const port = parentPort
if (port !== null) serve(port, workerData)

function serve(to: NonNullable<typeof parentPort>, { path, wanted }: WriterData): void {
  const send = (message: WriterMessage): void => to.postMessage(message)
  try {
    const environment = openEnvironment(path)
    if (environment === null) throw unavailable(path, 'the tables are gone')
    const runner = new GroupRunner(environment, path, (group) => group >= Atomics.load(wanted, 0))
    to.on('message', (message: GroupMessage | null) => {
      if (message === null) {
        closeEnvironment(environment)
        to.close()
        return
      }
      const { group, operations } = message
      send({ kind: 'done', answers: packAnswers(runner.run(group, operations)) })
    })
    send({ kind: 'ready' })
  } catch (error) {
    send({ kind: 'failed', answer: packError(storeFailure(error, path)) })
    to.close()
  }
}
