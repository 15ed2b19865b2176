import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import type { Machine, Runtime } from '../model.js'

/** What the figures depend on. */
export function describeMachine(
  runtimes: readonly Runtime[],
  tools: { readonly pinned: boolean; readonly loadGenerator: string },
): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: systemName(),
    nodes: runtimes.map(({ version }) => version),
    ...tools,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

function systemName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
