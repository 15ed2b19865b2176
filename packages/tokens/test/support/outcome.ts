import { TokenError } from '@holdfast/tokens'

/** What a call is refused with: `code reason` of a token error, the code of another; `ok` if it is not. */
export async function outcome(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'ok'
  } catch (error) {
    if (error instanceof TokenError) return `${error.code} ${error.reason}`
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}
