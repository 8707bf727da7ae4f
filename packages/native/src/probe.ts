import { exists } from './files.ts'
import { run } from './run.ts'

/** Whether a native addon loads and works, in a process of its own (a broken one may end it), and what it said. */
export type Probe = { works: true; version: string } | { works: false; missing: boolean; problem: string }

const marker = 'sparc-native-probe:'

/** Loads the addon at `path` in a new process, as `addon`, and runs `script`, an expression that gives a version. */
export async function probeAddon(path: string, script: string, libraries?: string): Promise<Probe> {
  if (!(await exists(path))) return { works: false, missing: true, problem: 'it is not there' }
  const program = `const addon = require(process.argv[1]); const version = ${script}
if (!version) throw new Error('the addon loads, but does not work')
console.log('${marker}' + version)`
  const env: NodeJS.ProcessEnv = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', NODE_OPTIONS: '' }
  if (libraries !== undefined) env.LD_LIBRARY_PATH = libraries
  const result = await run(process.execPath, ['-e', program, path], { env, timeoutMs: 120_000 })
  const line = result.output.split('\n').find((text) => text.startsWith(marker))
  if (result.code === 0 && line !== undefined) return { works: true, version: line.slice(marker.length).trim() }
  const lines = result.output.split('\n').filter((text) => /Error|cannot|undefined symbol/.test(text))
  return {
    works: false,
    missing: false,
    problem: lines[0]?.trim() ?? `the process ended with ${result.code ?? result.killed}`,
  }
}
