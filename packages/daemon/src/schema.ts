import { writeFileSync } from 'node:fs'
import { schemaText } from './lib/config/schema-text.js'

writeFileSync(new URL('../../holdfast.schema.json', import.meta.url), schemaText())
