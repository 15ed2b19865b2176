import { jsonSchema, type JsonSchema } from './shape.js'

let cached: JsonSchema | undefined

/** The schema of the key at `path`; undefined where there is none. */
export function schemaAt(path: readonly PropertyKey[]): JsonSchema | undefined {
  cached ??= jsonSchema()
  let schema: JsonSchema | undefined = cached
  for (const key of path) schema = schema === undefined ? undefined : childOf(schema, String(key))
  return schema
}

function childOf(
  { properties, additionalProperties }: JsonSchema,
  key: string,
): JsonSchema | undefined {
  if (properties !== undefined) return Object.hasOwn(properties, key) ? properties[key] : undefined
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** The keys that the table at `path` may have; none where any name will do. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  return Object.keys(schemaAt(path)?.properties ?? {})
}

/** Every key of the file, such as `session.idle_timeout`; that of an application as `apps.NAME.rights`. */
export function allKeys(path: readonly string[] = []): readonly string[] {
  const schema = schemaAt(path)
  if (schema?.properties !== undefined)
    return Object.keys(schema.properties).flatMap((key) => allKeys([...path, key]))
  if (typeof schema?.additionalProperties === 'object') return allKeys([...path, 'NAME'])
  return [path.join('.')]
}
