import { spawn } from 'node:child_process'
import { commandLine } from './cli.ts'
import { interrupted } from './interrupt.ts'
import { CHILD } from './supervised.ts'

/** How long a stopped run may take to end by itself, in milliseconds. */
const GRACE = 1900

/** Commands that compute for long, in native code, which no signal can interrupt; so does the bare one. */
const long = new Set(['run', 'tune', 'fetch'])

/** Whether this command line should be watched by a process of its own. */
export function wantsSupervision(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment[CHILD] !== undefined || argv.includes('--help') || argv.includes('-h')) return false
  const names = new Set(['help', ...commandLine().commands.map((each) => each.name())])
  const command = argv.find((word) => names.has(word))
  return command === undefined || long.has(command)
}

/** What to say of a process that ended otherwise than by itself or by Ctrl-C. */
function ended(signal: NodeJS.Signals | null, kept: string): string {
  const likely =
    signal === 'SIGKILL' ? 'most likely because the machine ran out of memory' : 'from outside or by a crash'
  return `error: The process that computes was ended by ${signal ?? 'something'}, ${likely}. ${kept.replace(/^Stopped\. /, '')}`
}

/**
 * Does the work in a child process, so that Ctrl-C is answered within two seconds even while a long native call blocks
 * the child: what has not ended by then is killed, and as files are put in place whole, nothing is half written.
 */
export function supervise(argv: readonly string[]): Promise<number> {
  let kept = 'Stopped. What was finished is kept.'
  let timer: NodeJS.Timeout | undefined
  let asked = false
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...argv], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [CHILD]: '1' },
  })
  child.on('message', (message) => {
    if (typeof message === 'object' && message !== null && 'kept' in message) kept = String(message.kept)
  })
  const stop = (signal: NodeJS.Signals) => {
    asked = true
    // A terminal sends Ctrl-C to the child as well; a second one would not hurt, but is not needed.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    timer ??= setTimeout(() => {
      process.stderr.write(`\n${kept}\n`)
      child.kill('SIGKILL')
    }, GRACE)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === null && !asked) process.stderr.write(`\n${ended(signal, kept)}\n`)
      resolve(code ?? (asked ? interrupted : 1))
    })
  })
}
