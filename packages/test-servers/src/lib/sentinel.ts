import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a Sentinel is told of the server that it watches. */
export interface Watched {
  /** Its port. */
  readonly main: number
  /** Milliseconds without an answer after which it is down. */
  readonly downAfter: number
}

/** Writes the settings of a Sentinel, and gives its arguments. Two Sentinels agree on a failover. */
export function sentinelArgs(
  folder: string,
  port: number,
  { main, downAfter }: Watched,
): readonly string[] {
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    `dir ${folder}`,
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${main} 2`,
    `sentinel down-after-milliseconds main ${downAfter}`,
    'sentinel failover-timeout main 3000',
  ]
  writeFileSync(file, lines.join('\n'))
  return [file, '--sentinel']
}
