export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}

/** Waits until `reached`, for `patience` milliseconds at most: half a minute. */
export async function until(
  reached: () => unknown,
  what: string,
  patience = 30_000,
): Promise<void> {
  const end = performance.now() + patience
  while ((await reached()) !== true) {
    if (performance.now() > end) throw new Error(`${what}: not within ${patience} ms`)
    await pause(10)
  }
}
