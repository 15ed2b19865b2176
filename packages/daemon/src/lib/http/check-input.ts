import { Problem } from './problem.js'

/** What is used of a zod schema. */
interface Shape {
  readonly safeParse: (value: unknown) => Parsed
}

type Parsed =
  | { readonly success: true; readonly data: unknown }
  | {
      readonly success: false
      readonly error: { readonly issues: readonly Issue[] }
    }

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

const MAX_NAMED = 5
const MAX_NAME = 64
const MAX_MESSAGE = 200

/** What came in, as its shape reads it. Throws a problem that names what is wrong, and never repeats a value. */
export function checkInput(shape: Shape, value: unknown): unknown {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  const named = issues.slice(0, MAX_NAMED).map(say)
  const more = issues.length > MAX_NAMED ? [`and ${issues.length - MAX_NAMED} more`] : []
  throw new Problem(400, 'ERR_DAEMON_REQUEST', [...named, ...more].join('; '))
}

function say({ path, message }: Issue): string {
  const place = path.map((part) => String(part).slice(0, MAX_NAME)).join('.')
  const text = message.slice(0, MAX_MESSAGE)
  return place === '' ? text : `${place}: ${text}`
}
