import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cacheDirectory } from './cache.ts'
import type { OnEvent } from './events.ts'
import { exists, folderSize, readJson, uniqueName, writeAtomically } from './files.ts'
import { withLock } from './lock.ts'
import { findPip } from './pip.ts'
import { runOrThrow } from './run.ts'

/** A Python virtual environment in the cache. */
export interface PythonEnvironment {
  directory: string
  /** Path of its Python. */
  python: string
  /** Path of one of its commands. */
  command: (name: string) => string
}

/**
 * A Python virtual environment with the packages of some pip requirements, made where it is not there yet: for tests
 * against other software, such as Milvus Lite. Needs a Python 3 with `venv` and pip.
 *
 * An environment cannot be moved, so each is made under a name of its own, and the small file that names it is written
 * last: a half-made one is never found, and removed by the next call.
 */
export async function ensurePython(
  requirements: string[],
  options: { onEvent?: OnEvent; cache?: string } = {},
): Promise<PythonEnvironment> {
  const folder = join(options.cache ?? cacheDirectory(), 'python')
  const key = createHash('sha256')
    .update(JSON.stringify([...requirements].sort()))
    .digest('hex')
    .slice(0, 12)
  const pointer = join(folder, `${key}.json`)
  const before = await pointedTo(folder, pointer)
  if (before !== undefined) return environment(before)
  return withLock(
    join(folder, `${key}.lock`),
    async () => {
      const meanwhile = await pointedTo(folder, pointer)
      if (meanwhile !== undefined) return environment(meanwhile)
      for (const name of await readdir(folder)) {
        if (name.startsWith(`${key}.venv`)) await rm(join(folder, name), { recursive: true, force: true })
      }
      const directory = join(folder, uniqueName(`${key}.venv`))
      await create(directory, requirements, options.onEvent)
      await writeAtomically(pointer, JSON.stringify({ directory: basename(directory), requirements }))
      return environment(directory)
    },
    options,
  )
}

async function pointedTo(folder: string, pointer: string): Promise<string | undefined> {
  const found = (await readJson(pointer)) as { directory?: string } | undefined
  if (typeof found?.directory !== 'string') return undefined
  const directory = join(folder, basename(found.directory))
  return (await exists(environment(directory).python)) ? directory : undefined
}

async function create(directory: string, requirements: string[], onEvent?: OnEvent): Promise<void> {
  const pip = await findPip()
  const text = `Installing ${requirements.join(', ')} for Python`
  onEvent?.({ kind: 'step', text })
  await mkdir(directory, { recursive: true })
  // Without pip inside: Debian leaves out what venv would take it from. The pip outside can install into it.
  await runOrThrow(pip.python, ['-m', 'venv', '--without-pip', directory])
  const target = ['--python', environment(directory).python]
  const measure = () => folderSize(directory)
  await runOrThrow(pip.python, ['-m', 'pip', ...target, 'install', '--no-cache-dir', '--', ...requirements], {
    env: { ...process.env, TMPDIR: directory },
    stall: { ms: 120_000, measure },
    tick: async () => onEvent?.({ kind: 'progress', text, bytes: await measure() }),
  })
}

function environment(directory: string): PythonEnvironment {
  const bin = join(directory, process.platform === 'win32' ? 'Scripts' : 'bin')
  return { directory, python: join(bin, 'python'), command: (name) => join(bin, name) }
}
