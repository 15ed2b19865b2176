import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { end, freeze, thaw, track } from '@holdfast/test-servers/process'
import type { Tmpfs } from '../../servers/tmpfs.js'
import { repeated, type Trouble, UNCHANGEABLE, WELL } from '../trouble.js'

const HOLDER = fileURLToPath(new URL('../holder.js', import.meta.url))

/** Another process in the midst of a write to the folder at `path`, which it has to itself. */
async function holderOf(path: string): Promise<ChildProcess> {
  const child = track(fork(HOLDER, [path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
  await once(child, 'message')
  return child
}

/** What a folder can suffer from other processes that use it. */
export function lmdbTroubles(path: string): readonly Trouble[] {
  let holder: ChildProcess | null = null
  return [
    {
      name: 'another process stopped in the midst of a write',
      reach: UNCHANGEABLE,
      async begin() {
        holder = await holderOf(path)
        await freeze(holder)
      },
      async end() {
        thaw(holder)
        await end(holder, 'SIGKILL')
      },
    },
    {
      name: 'other processes killed in the midst of a write',
      reach: WELL,
      ...repeated(50, async () => end(await holderOf(path), 'SIGKILL')),
    },
  ]
}

export function lmdbDiskTroubles(disk: Tmpfs): readonly Trouble[] {
  return [
    {
      name: 'disk full',
      // What finds room on pages that are free inside the file is written, and kept.
      reach: { reads: 'served', writes: 'either' },
      begin: () => disk.fill(),
      end: () => disk.free(),
    },
  ]
}
