import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NativeError } from './errors.ts'
import type { OnEvent } from './events.ts'
import { folderSize, sha256 } from './files.ts'
import { run, runOrThrow } from './run.ts'
import type { Wheel } from './wheels.ts'

/** A Python that has pip: what comes before pip's own arguments. */
export interface Pip {
  python: string
}

const noPip = {
  what: 'No Python with pip was found (tried `python3 -m pip` and `python -m pip`).',
  next: 'Install one, on Debian and Ubuntu with: sudo apt-get install python3-pip',
}

/** Finds a Python that has pip. Throws `NO_PIP` where there is none. */
export async function findPip(): Promise<Pip> {
  for (const python of ['python3', 'python']) {
    const result = await run(python, ['-m', 'pip', '--version'], { timeoutMs: 30_000 }).catch(() => undefined)
    if (result?.code === 0) return { python }
  }
  throw new NativeError('NO_PIP', noPip)
}

// The files are only unpacked, so what Python this machine has does not matter.
const target = [
  ...['--python-version', '3.11', '--implementation', 'cp'],
  ...['manylinux_2_27_x86_64', 'manylinux2014_x86_64', 'manylinux2010_x86_64'].flatMap((name) => ['--platform', name]),
]

/** Downloads a wheel into a folder, checks its sha256, and returns the file's path. */
export async function downloadWheel(pip: Pip, wheel: Wheel, folder: string, onEvent?: OnEvent): Promise<string> {
  const text = `Downloading ${wheel.project} ${wheel.version} from PyPI`
  onEvent?.({ kind: 'step', text })
  const args = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--only-binary=:all:', ...target]
  const measure = () => folderSize(folder)
  await runOrThrow(pip.python, [...args, '--dest', folder, `${wheel.project}==${wheel.version}`], {
    // pip writes to a temporary folder first: ours, so that its growth can be shown and a kill leaves nothing.
    env: { ...process.env, TMPDIR: folder },
    stall: { ms: 120_000, measure },
    tick: async () =>
      onEvent?.({ kind: 'progress', text, bytes: Math.min(await measure(), wheel.bytes), total: wheel.bytes }),
    next: 'PyPI, or the mirror that pip is set up for, must be within reach: try `python3 -m pip download` by hand.',
  })
  const prefix = `${wheel.project.replaceAll('-', '_')}-${wheel.version}-`
  const name = (await readdir(folder)).find((file) => file.startsWith(prefix) && file.endsWith('.whl'))
  if (name === undefined) {
    throw new NativeError('COMMAND_FAILED', {
      what: `pip said that it downloaded ${prefix}*.whl, but it is not there.`,
    })
  }
  const path = join(folder, name)
  const found = await sha256(path)
  if (found !== wheel.sha256) {
    throw new NativeError('WRONG_CHECKSUM', {
      what: `${name} has the sha256 ${found}, not ${wheel.sha256}.`,
      next: 'The download was damaged, or the package index serves another file under this name. Try again.',
    })
  }
  return path
}

const unpackScript = `
import sys, zipfile
source, target, wanted = sys.argv[1], sys.argv[2], tuple(sys.argv[3:])
with zipfile.ZipFile(source) as wheel:
    for member in wheel.infolist():
        if member.filename.startswith(wanted):
            wheel.extract(member, target)
`

/** Unpacks the files of a wheel whose names begin with one of the prefixes. */
export async function unpackWheel(pip: Pip, path: string, folder: string, prefixes: string[]): Promise<void> {
  await runOrThrow(pip.python, ['-c', unpackScript, path, folder, ...prefixes])
}
