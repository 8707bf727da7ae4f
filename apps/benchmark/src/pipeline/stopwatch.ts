/** Adds up seconds by phase. */
export interface Stopwatch {
  readonly seconds: Record<string, number>
  time<T>(phase: string, work: () => T | Promise<T>): Promise<T>
}

/** @param seconds what earlier sittings of the same run took */
export function stopwatch(seconds: Record<string, number> = {}): Stopwatch {
  const total = { ...seconds }
  return {
    seconds: total,
    async time(phase, work) {
      const start = performance.now()
      try {
        return await work()
      } finally {
        total[phase] = (total[phase] ?? 0) + (performance.now() - start) / 1000
      }
    },
  }
}
