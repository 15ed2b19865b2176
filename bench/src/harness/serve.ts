import type { Reply } from './child.js'

/** In a child process: answers each message with what `handle` makes of it, and ends with the channel. */
export function serve<Message>(handle: (message: Message) => Promise<unknown>): void {
  process.on('message', (message: Message) => void reply(handle, message))
  process.on('disconnect', () => process.exit(0))
}

async function reply<Message>(
  handle: (message: Message) => Promise<unknown>,
  message: Message,
): Promise<void> {
  let answer: Reply<unknown>
  try {
    answer = { value: await handle(message) }
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  process.send?.(answer)
}
