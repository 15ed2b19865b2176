// Checks that imports go one way: `node scripts/boundaries.mjs`. The rules: lib/boundary-rules.mjs.
import { fileURLToPath } from 'node:url'
import { checkBoundaries } from './lib/boundaries.mjs'

const { problems, files } = checkBoundaries(
  fileURLToPath(new URL('..', import.meta.url)).slice(0, -1),
)
for (const problem of problems) console.error(problem)
console.log(`${files} files, ${problems.length} imports that go the wrong way`)
process.exitCode = problems.length > 0 ? 1 : 0
