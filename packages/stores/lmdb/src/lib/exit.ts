/** How long a process that exits waits for a commit that is under way. */
const PATIENCE = 5000

/** What must be halted before this process ends. */
interface Haltable {
  halt(timeout: number): boolean
}

const open = new Set<Haltable>()
let listening = false

/**
 * Halts `gate` when the process exits, until the returned function is called.
 *
 * A commit that has not come back in time is stuck behind another process's lock. Ending the thread then would leave the
 * lock taken for ever once it is got (see `gate.ts`), so the process is killed instead: the kernel cleans up.
 */
export function haltOnExit(gate: Haltable): () => void {
  if (!listening) process.on('exit', haltAll)
  listening = true
  open.add(gate)
  return () => open.delete(gate)
}

function haltAll(): void {
  const end = performance.now() + PATIENCE
  for (const gate of open) {
    if (!gate.halt(Math.max(0, end - performance.now()))) process.kill(process.pid, 'SIGKILL')
  }
}
