/**
 * Runs the jobs `width` at a time, in order; then those marked `exclusive` one at a time, alone.
 * `run(job, index)` must not throw.
 */
export async function runPool(jobs, width, run) {
  const numbered = jobs.map((job, index) => ({ job, index }))
  const shared = numbered.filter(({ job }) => !job.exclusive)
  const alone = numbered.filter(({ job }) => job.exclusive)
  await drain(shared, width, run)
  await drain(alone, 1, run)
}

async function drain(queue, width, run) {
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await run(next.job, next.index)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
}
