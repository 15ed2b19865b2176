import type { Reply } from './child.js'

/** In a child process: answers each message with what `handle` makes of it, and ends with the channel. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what the parent sends has the type that this side declares
export function serve<Message>(handle: (message: Message) => Promise<unknown>): void {
  process.on('message', (message: Message) => void reply(() => handle(message)))
  process.on('disconnect', () => process.exit(0))
}

async function reply(handle: () => Promise<unknown>): Promise<void> {
  let answer: Reply<unknown>
  try {
    answer = { value: await handle() }
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  process.send?.(answer)
}
