import { Problem } from '@holdfast/example-express/kit'
import type { Request } from 'express'

/** A field of a JSON body that must be a text of 1 to `longest` characters; throws 400 for everything else. */
export function textField({ body }: Request, name: string, longest: number): string {
  const fields = new Map<string, unknown>(
    typeof body === 'object' && body !== null ? Object.entries(body) : [],
  )
  const value = fields.get(name)
  if (typeof value === 'string' && value !== '' && value.length <= longest) return value
  const wanted = `The field ${name} must be a text of 1 to ${longest} characters.`
  throw new Problem(400, 'bad_request', wanted)
}
