import type { Phase } from '../progress/progress.ts'

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

/** The same stopwatch, whose phases are shown as they begin: what comes after training has no steps to count. */
export function shownIn(phase: Phase, { seconds, time }: Stopwatch): Stopwatch {
  return {
    seconds,
    time(name, work) {
      phase.update(1, `${name} ...`)
      return time(name, work)
    },
  }
}
