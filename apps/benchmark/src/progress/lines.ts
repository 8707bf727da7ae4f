import { duration } from './duration.ts'
import type { Progress } from './progress.ts'

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
      return {
        update(fraction, note = '') {
          const time = now()
          if (time - last < every * 1000) return
          last = time
          const elapsed = (time - start) / 1000
          const left = fraction > 0.01 ? `, ${duration((elapsed * (1 - fraction)) / fraction)} left` : ''
          write(`  ${label}: ${Math.round(fraction * 100)} %${left}${note && `, ${note}`}`)
        },
        end(note = '') {
          write(`  ${label}: ${duration((now() - start) / 1000)}${note && `, ${note}`}`)
        },
      }
    },
    stop() {},
  }
}
