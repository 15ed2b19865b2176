/** Milliseconds of the host's monotonic clock: comparable between processes of one host. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}

/** Waits until `reached`, for `patience` milliseconds at most. */
export async function until(
  reached: () => boolean | Promise<boolean>,
  what: string,
  patience = 30_000,
): Promise<void> {
  const end = now() + patience
  while (!(await reached())) {
    if (now() > end) throw new Error(`${what}: not within ${patience} ms`)
    await pause(5)
  }
}
