/** Runs the jobs `width` at a time, in order. `run(job, index)` must not throw. */
export async function runPool(jobs, width, run) {
  const queue = jobs.map((job, index) => ({ job, index }))
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await run(next.job, next.index)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
}
