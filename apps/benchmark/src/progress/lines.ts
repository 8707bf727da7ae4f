import { duration } from './duration.ts'
import type { Progress } from './progress.ts'
import { timeLeft } from './time-left.ts'

/** Plain log lines for an output that is no terminal: at most one for each phase in `every` seconds. */
export function lines(
  write: (line: string) => void,
  every = 10,
  now: () => number = () => performance.now(),
): Progress {
  return {
    say: (line) => write(line),
    phase(label) {
      const start = now()
      let last = start
      const left = timeLeft(now)
      return {
        update(fraction, note = '') {
          const remaining = left(fraction)
          const time = now()
          if (time - last < every * 1000) return
          last = time
          const parts = [`${Math.round(fraction * 100)} %`, remaining, note].filter((part) => part !== '')
          write(`  ${label}: ${parts.join(', ')}`)
        },
        end(note = '') {
          write(`  ${label}: ${duration((now() - start) / 1000)}${note && `, ${note}`}`)
        },
      }
    },
    stop() {},
  }
}
