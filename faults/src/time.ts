/** Milliseconds of the host's monotonic clock: comparable between processes of one host. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
