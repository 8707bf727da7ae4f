import type { Finding } from './doctor.ts'
import type { NativeEvent } from './events.ts'
import type { Provided } from './provide.ts'

const linePauseMs = 5_000

/** Shows events on a stream: progress on one line that is written over on a terminal, else as a line now and then. */
export function showEvents(stream: NodeJS.WriteStream): (event: NativeEvent) => void {
  let open = false
  let last = 0
  return (event) => {
    if (event.kind === 'progress') {
      const text = `  ${event.text}: ${megabytes(event.bytes)}${event.total ? ` of ${megabytes(event.total)}` : ''} MB`
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}`)
        open = true
      } else if (Date.now() - last > linePauseMs) {
        stream.write(`${text}\n`)
        last = Date.now()
      }
      return
    }
    stream.write(`${open ? '\r\u001b[K' : ''}${event.text}${event.kind === 'step' ? ' …' : ''}\n`)
    open = false
    last = Date.now()
  }
}

/** One line for each package that has its native half now. */
export function describeProvided(provided: Provided[]): string {
  return provided
    .map(({ package: found, source, changed }) => {
      return `${found.name} ${found.version}: ${changed ? 'set up' : 'in place'}, from ${source}\n`
    })
    .join('')
}

/** The findings of `doctor` as lines, each problem with the command that mends it. */
export function describeFindings(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  return findings
    .map(({ subject, state, detail, mend }) => {
      const line = `${subject.padEnd(width)}  ${state.padEnd(13)}  ${detail}\n`
      return mend === undefined ? line : `${line}${' '.repeat(width + 2)}→ ${mend}\n`
    })
    .join('')
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
