import { SparcError } from '@sparc/tables'

/** The code of the error that a call throws, or `no error`; an error of another kind is thrown on. */
export function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (SparcError.isInstance(error)) return error.code
    throw error
  }
  return 'no error'
}

/** Code and message of the error that a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (SparcError.isInstance(error)) return `${error.code} ${error.message}`
  throw new Error(`not a typed error: ${error}`)
}
