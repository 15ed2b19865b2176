// Writes openapi.json from the routes and shapes: `npm run openapi -w @holdfast/protocol`.
import { writeFileSync } from 'node:fs'
import { describeProtocols } from '@holdfast/protocol/openapi'

const file = new URL('../openapi.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(describeProtocols(), null, 2)}\n`)
