import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes the settings of a Sentinel over the server at `main`, and gives its arguments. Two Sentinels agree on a failover. */
export function sentinelArgs(folder: string, port: number, main: number): readonly string[] {
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    `dir ${folder}`,
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${main} 2`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 3000',
  ]
  writeFileSync(file, lines.join('\n'))
  return [file, '--sentinel']
}
