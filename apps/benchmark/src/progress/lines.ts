import { duration } from './duration.ts'
import type { Progress } from './progress.ts'
import { timeLeft } from './time-left.ts'

/** Plain log lines for an output that is no terminal: at most one for each phase in `every` seconds. */
export function lines(
  write: (line: string) => void,
  every = 10,
  now: () => number = () => performance.now(),
): Progress {
  // One phase is open at a time; one that failed has no end, and has nothing to say any more where another begins.
  let later: NodeJS.Timeout | undefined
  return {
    say: (line) => write(line),
    phase(label) {
      clearTimeout(later)
      const start = now()
      let last = start
      const left = timeLeft(now)
      return {
        update(fraction, note = '') {
          const parts = [`${Math.round(fraction * 100)} %`, left(fraction), note].filter((part) => part !== '')
          const say = () => {
            last = now()
            write(`  ${label}: ${parts.join(', ')}`)
          }
          clearTimeout(later)
          const wait = last + every * 1000 - now()
          if (wait <= 0) say()
          // What is not followed by anything for a while is said then: it is what takes so long.
          else later = setTimeout(say, wait).unref()
        },
        end(note = '') {
          clearTimeout(later)
          write(`  ${label}: ${duration((now() - start) / 1000)}${note && `, ${note}`}`)
        },
      }
    },
    stop: () => clearTimeout(later),
  }
}
