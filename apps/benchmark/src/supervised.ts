/** Variable of the environment that is set in the process that does the work, see `supervise`. */
export const CHILD = 'SPARC_BENCHMARK_SUPERVISED'

/** Tells the watching process what to say should it have to end this one. */
export function tellKept(text: string): void {
  if (process.env[CHILD] !== undefined) process.send?.({ kept: text })
}
