import { duration } from './duration.ts'

/**
 * Says how much time is left, from how fast the share that is done grows since it was first heard of: what an earlier
 * sitting did counts as done, not as fast. Empty until something can be said.
 */
export function timeLeft(now: () => number): (fraction: number) => string {
  const start = now()
  let first: { fraction: number; time: number } | undefined
  return (fraction) => {
    // What has just begun counts from its beginning, the time of getting ready included.
    first ??= fraction < 0.1 ? { fraction: 0, time: start } : { fraction, time: now() }
    const done = fraction - first.fraction
    if (done < 0.01 || fraction >= 1) return ''
    return `${duration((((now() - first.time) / 1000) * (1 - fraction)) / done)} left`
  }
}
