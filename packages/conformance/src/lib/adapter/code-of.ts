import { SessionError } from '@holdfast/core'

/** The code of the session error that `run` ends with. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'none'
  } catch (error) {
    return error instanceof SessionError ? error.code : 'other'
  }
}
