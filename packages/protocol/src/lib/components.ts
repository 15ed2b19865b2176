import { z } from 'zod'

/** JSON Schema (draft 2020-12), as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>

const FOLDER = '#/components/schemas/'

/** Every shape that has given itself a name, by it, referring to one another. Whoever calls this has imported them. */
export function describeShapes(): Readonly<Record<string, JsonSchema>> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, {
    uri: (id) => FOLDER + id,
    io: 'output',
    // Any JSON is the schema that has no rules.
    unrepresentable: 'any',
  })
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _schema, $id: _id, ...rest }]) => [name, rest]),
  )
}

/** What refers to a shape that has a name. */
export function referTo(shape: z.ZodType): JsonSchema {
  const id = shape.meta()?.id
  if (id === undefined) throw new Error('what is sent or answered needs a name')
  return { $ref: FOLDER + id }
}

/** The parameters of a query, from its shape. */
export function describeParameters(shape: z.ZodType): readonly JsonSchema[] {
  const { properties = {}, required = [] } = z.toJSONSchema(shape, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}
