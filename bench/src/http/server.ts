import { createServer } from 'node:http'
import { serve } from '../harness/serve.js'
import type { ServerInput, Started, StartServer } from './model.js'

type Message = ServerInput | { readonly kind: 'cpu' }

// One server in one process; it also tells how much CPU time it has used.
serve(async (message: Message) => {
  if (message.kind === 'cpu') {
    const { user, system } = process.cpuUsage()
    return user + system
  }
  return listen(message)
})

async function listen(input: ServerInput): Promise<Started> {
  const module = `./variants/${moduleOf(input.variant)}.js`
  const { startServer }: { startServer: StartServer } = await import(
    new URL(module, import.meta.url).href
  )
  const { listener, cookies } = await startServer(input)
  const server = typeof listener === 'function' ? createServer(listener) : listener
  await new Promise<void>((resolve) => {
    if (input.socket === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(input.socket, resolve)
  })
  const address = server.address()
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, cookies }
}

/** `holdfast-node:lmdb` is a variant of the module `holdfast-node`. */
function moduleOf(variant: string): string {
  return variant.split(':')[0] ?? variant
}
