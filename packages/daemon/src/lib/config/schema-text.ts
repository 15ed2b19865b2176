import { jsonSchema } from './shape.js'

/** The JSON Schema of the configuration, as it is published. */
export function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`
}
