import { join } from 'node:path'
import { cacheDirectory } from './cache.ts'
import { findCompiler } from './compiler.ts'
import { NativeError } from './errors.ts'
import { faissHalf } from './faiss.ts'
import { findPackages } from './packages.ts'
import { findPip } from './pip.ts'
import { placed } from './place.ts'
import { probeAddon } from './probe.ts'
import type { NativeHalf } from './provide.ts'
import { run } from './run.ts'
import { tensorflowGpuHalf, tensorflowHalf } from './tensorflow.ts'

/** One line of what `doctor` found. */
export interface Finding {
  /** What was looked at: a package or a tool. */
  subject: string
  /** `missing` breaks nothing: what is used in its place is in `detail`. `broken` is there and does not work. */
  state: 'works' | 'missing' | 'broken' | 'not installed'
  detail: string
  /** The command that mends it. */
  mend?: string
}

const halves = [
  { half: tensorflowHalf, command: 'npx @sparc/native tensorflow', without: 'TensorFlow runs on WebAssembly' },
  { half: tensorflowGpuHalf, command: 'npx @sparc/native tensorflow-gpu', without: 'TensorFlow runs on the CPU' },
  { half: faissHalf, command: 'npx @sparc/native faiss', without: 'the index uses its exact engine' },
]

/**
 * Looks at every native half that code in `from` may load, loads each in a process of its own, and at the tools that
 * building them takes. Changes nothing.
 *
 * @example
 * for (const { subject, state, mend } of await doctor()) console.log(subject, state, mend ?? '')
 */
export async function doctor(options: { from?: string } = {}): Promise<Finding[]> {
  const from = options.from ?? process.cwd()
  const findings: Finding[] = []
  for (const { half, command, without } of halves) findings.push(...(await examine(half, from, command, without)))
  const node = { subject: 'Node', state: 'works' as const }
  findings.push({ ...node, detail: `${process.version}, ${process.platform} ${process.arch}` })
  findings.push(await tool('C++ compiler', async () => versionOf(await findCompiler())))
  findings.push(await tool('pip', async () => versionOf((await findPip()).python, ['-m', 'pip', '--version'])))
  findings.push({ subject: 'cache', state: 'works', detail: cacheDirectory() })
  return findings
}

async function examine(half: NativeHalf, from: string, command: string, without: string): Promise<Finding[]> {
  const copies = await findPackages(half.name, from)
  if (copies.length === 0) return [{ subject: half.name, state: 'not installed', detail: without }]
  const findings: Finding[] = []
  for (const found of copies) {
    const subject = `${half.name} ${found.version}`
    const result = await probeAddon(join(found.directory, await half.addon(found)), half.probe)
    const source = (await placed(found.directory))?.source
    if (result.works) {
      findings.push({ subject, state: 'works', detail: `${result.version}, from ${source ?? 'elsewhere'}` })
    } else if (result.missing) findings.push({ subject, state: 'missing', detail: without, mend: command })
    else findings.push({ subject, state: 'broken', detail: `${result.problem}; ${without}`, mend: command })
  }
  return findings
}

async function tool(subject: string, find: () => Promise<string>): Promise<Finding> {
  try {
    return { subject, state: 'works', detail: await find() }
  } catch (error) {
    if (!NativeError.isInstance(error)) throw error
    return { subject, state: 'missing', detail: error.message.split('\n')[0]!, mend: error.next }
  }
}

async function versionOf(command: string, args = ['--version']): Promise<string> {
  const result = await run(command, args)
  return result.output.split('\n')[0]!.trim()
}
