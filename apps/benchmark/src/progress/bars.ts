import { Presets, SingleBar } from 'cli-progress'
import { duration } from './duration.ts'
import type { Progress } from './progress.ts'
import { timeLeft } from './time-left.ts'

/** Progress bars on a terminal: one at a time, with the time left; a finished one becomes a line. */
export function bars(stream: NodeJS.WritableStream): Progress {
  let open: SingleBar | undefined
  const close = () => {
    open?.stop()
    open = undefined
  }
  return {
    say(line) {
      close()
      stream.write(`${line}\n`)
    },
    phase(label) {
      close()
      const start = performance.now()
      const bar = new SingleBar(
        {
          stream,
          format: `  {label} {bar} {percentage}% {left} {note}`,
          hideCursor: true,
          clearOnComplete: true,
          stopOnComplete: false,
          barsize: 24,
          gracefulExit: false,
        },
        Presets.shades_classic,
      )
      const padded = label.padEnd(26)
      bar.start(1000, 0, { label: padded, left: '', note: '' })
      open = bar
      const left = timeLeft(() => performance.now())
      return {
        update(fraction, note = '') {
          if (open !== bar) return
          bar.update(Math.round(fraction * 1000), { label: padded, left: left(fraction), note })
        },
        end(note = '') {
          if (open === bar) close()
          const elapsed = (performance.now() - start) / 1000
          stream.write(`  ${padded} ${duration(elapsed).padStart(12)}  ${note}\n`)
        },
      }
    },
    stop: close,
  }
}
