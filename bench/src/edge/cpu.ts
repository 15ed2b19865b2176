import { readFileSync } from 'node:fs'

/** Clock ticks of `/proc` a second: the same on every Linux since 2.6. */
const TICKS = 100
/** Of the fields behind the name: user and system time. */
const USER = 11
const SYSTEM = 12

/** A process and all that it has started. */
export function familyOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  const children = text === '' ? [] : text.split(' ').map(Number)
  return [pid, ...children.flatMap(familyOf)]
}

/** CPU time that these processes have used, all threads, in microseconds. */
export function cpuMicroseconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[USER]) + Number(fields[SYSTEM])
  })
  return (ticks.reduce((sum, each) => sum + each, 0) * 1e6) / TICKS
}
