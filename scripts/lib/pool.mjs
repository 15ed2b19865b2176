/**
 * Runs the jobs `width` at a time, in order, and beside them, one at a time, those marked `waits`: they need no processor.
 * `run(job, index)` must not throw.
 */
export async function runPool(jobs, width, run) {
  const numbered = jobs.map((job, index) => ({ job, index }))
  const busy = numbered.filter(({ job }) => !job.waits)
  const waiting = numbered.filter(({ job }) => job.waits)
  await Promise.all([drain(busy, width, run), drain(waiting, 1, run)])
}

async function drain(queue, width, run) {
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await run(next.job, next.index)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
}
