import { spawn } from 'node:child_process'
import { NativeError } from './errors.ts'

/** How to run a command; arguments are always a list, no shell is ever involved. */
export interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Kill the command and everything it started when it runs longer than this. */
  timeoutMs?: number
  /** Kill it when this number (bytes so far, say) has not changed for `ms`. */
  stall?: { ms: number; measure: () => Promise<number> }
  /** Called every half second or so while the command runs. */
  tick?: () => Promise<void>
}

/** How a command ended: its exit code (null: killed), why it was killed, and all that it printed. */
export interface RunResult {
  code: number | null
  killed: 'timeout' | 'stall' | undefined
  output: string
}

const kept = 200_000

/** Runs a command to its end and returns how it went. Throws only where it cannot be started at all. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    let output = ''
    let killed: RunResult['killed']
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-kept)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const stop = (why: RunResult['killed']) => {
      killed ??= why
      killGroup(child.pid)
    }
    const onExit = () => killGroup(child.pid)
    process.once('exit', onExit)
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop('timeout'), options.timeoutMs)
    const watch = watchdog(options, () => stop('stall'))
    const clean = () => {
      clearTimeout(timer)
      clearInterval(watch)
      process.removeListener('exit', onExit)
    }
    child.on('error', (error) => {
      clean()
      reject(error)
    })
    child.on('close', (code) => {
      clean()
      resolve({ code: killed === undefined ? code : null, killed, output })
    })
  })
}

/** Like {@link run}, but an exit code other than 0 is an error that carries the end of the output. */
export async function runOrThrow(command: string, args: string[], options: RunOptions & { next?: string } = {}) {
  const result = await run(command, args, options)
  if (result.code === 0) return result
  const how = result.killed === undefined ? `ended with code ${result.code}` : `was stopped (${result.killed})`
  throw new NativeError(result.killed === undefined ? 'COMMAND_FAILED' : 'COMMAND_STALLED', {
    what: `\`${[command, ...args].join(' ')}\` ${how}:\n${result.output.trim().split('\n').slice(-15).join('\n')}`,
    next: options.next,
  })
}

function watchdog(options: RunOptions, stalled: () => void): NodeJS.Timeout | undefined {
  if (options.stall === undefined && options.tick === undefined) return undefined
  let last = -1
  let since = Date.now()
  let busy = false
  return setInterval(async () => {
    if (busy) return
    busy = true
    try {
      await options.tick?.()
      if (options.stall === undefined) return
      const now = await options.stall.measure()
      if (now !== last) {
        last = now
        since = Date.now()
      } else if (Date.now() - since > options.stall.ms) stalled()
    } finally {
      busy = false
    }
  }, 500)
}

/** Ends a command and whatever it started: each runs as the leader of a process group of its own. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // Already gone.
  }
}
