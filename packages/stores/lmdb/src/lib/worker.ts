import { parentPort, workerData } from 'node:worker_threads'
import { storeFailure } from './failures.js'
import { closeFolder, openFolder } from './folder.js'
import { Gate } from './gate.js'
import { GroupRunner } from './group.js'
import { packAnswers, packError, type GroupMessage, type WriterMessage } from './wire.js'

/** What the main thread hands to the writer's thread. */
export interface WriterData {
  readonly path: string
  /** The cells of the {@link Gate}. */
  readonly cells: Int32Array
}

const port = parentPort
if (port !== null) serve(port, workerData)

function serve(to: NonNullable<typeof parentPort>, { path, cells }: WriterData): void {
  const gate = new Gate(cells)
  const send = (message: WriterMessage): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    to.postMessage(message)
  }
  try {
    const folder = gate.pass(() => openFolder(path))
    const runner = new GroupRunner(folder, path, (group) => gate.isWanted(group))
    const end = (): void => {
      runner.close()
      closeFolder(folder)
      to.close()
    }
    to.on('message', (message: GroupMessage | null) => {
      if (message === null) {
        end()
        return
      }
      const { group, operations } = message
      const answers = gate.pass(() => runner.run(group, operations))
      send({ kind: 'done', answers: packAnswers(answers) })
      if (!runner.isUsable) end()
    })
    send({ kind: 'ready' })
  } catch (error) {
    send({ kind: 'failed', answer: packError(storeFailure(error, path)) })
    to.close()
  }
}
