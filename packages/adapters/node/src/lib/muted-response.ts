import type { ServerResponse } from 'node:http'

const BODY = ['write', 'end', 'flushHeaders'] as const
const HEAD = ['setHeader', 'setHeaders', 'appendHeader', 'writeHead'] as const

/**
 * Keeps an application that goes on streaming out of the answer that takes its response's place. An error handler that
 * answers later is told from it by the headers that it sets first; until then chunks are dropped, and an `end` gives the
 * bare status.
 */
export function muteResponse(res: ServerResponse, error: unknown): void {
  // The error handler is streaming its answer.
  if (res.headersSent && !res.writableEnded) return
  const end = res.end.bind(res)
  const originals = [...BODY, ...HEAD].map((method) => [method, res[method]] as const)
  const unmute = (): void => {
    for (const [method, original] of originals) Object.assign(res, { [method]: original })
  }
  Object.assign(res, {
    write: (...args: readonly unknown[]) => {
      refuse(args, error)
      return false
    },
    end: (...args: readonly unknown[]) => {
      refuse(args, error)
      if (!res.writableEnded) end()
      return res
    },
    flushHeaders: () => undefined,
  })
  if (res.writableEnded) return
  for (const method of HEAD) {
    const original = res[method]
    Object.assign(res, {
      [method]: (...args: readonly unknown[]) => {
        unmute()
        return Reflect.apply(original, res, args)
      },
    })
  }
}

function refuse(args: readonly unknown[], error: unknown): void {
  const callback = args.findLast((argument) => typeof argument === 'function')
  if (typeof callback === 'function')
    queueMicrotask(() => Reflect.apply(callback, undefined, [error]))
}
