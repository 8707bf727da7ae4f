import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry } from './cache.ts'
import { NativeError } from './errors.ts'
import type { OnEvent } from './events.ts'
import { run, runOrThrow } from './run.ts'

const packages = ['libfaiss-dev', 'libopenblas0-pthread', 'libgfortran5', 'libquadmath0']

/** FAISS as found in Debian's and Ubuntu's packages: a static library, its headers, and the OpenBLAS that it calls. */
export interface FaissLibrary {
  source: string
  key: string
  /** Folder with `libfaiss.a`, `libopenblas.so.0` and what that needs. */
  libraries: string
  include: string
}

/** Names of the shared libraries that must lie beside what is linked against FAISS. */
export const faissShared = ['libopenblas.so.0', 'libgfortran.so.5', 'libquadmath.so.0']

/** Debian's FAISS, unpacked into the cache; root is not needed. Throws `NO_APT` on systems without apt-get. */
export async function faissLibrary(options: { onEvent?: OnEvent; cache?: string }): Promise<FaissLibrary> {
  const version = await candidateVersion()
  const key = `faiss-${version.replaceAll(/[^\w.-]+/g, '-')}-linux-x64`
  const directory = await cacheEntry(key, (staging) => unpack(staging, options.onEvent), options)
  return {
    source: `FAISS ${version} (libfaiss-dev)`,
    key,
    libraries: join(directory, 'lib'),
    include: join(directory, 'include'),
  }
}

async function candidateVersion(): Promise<string> {
  const result = await run('apt-cache', ['policy', packages[0]!], { env: plainEnglish() }).catch(() => undefined)
  const version = /Candidate: (\S+)/.exec(result?.output ?? '')?.[1]
  return version === undefined || version === '(none)' ? 'unknown' : version
}

async function unpack(staging: string, onEvent?: OnEvent): Promise<void> {
  const download = join(staging, 'download')
  const root = join(staging, 'root')
  await mkdir(download)
  onEvent?.({ kind: 'step', text: `Downloading ${packages.join(', ')} with apt-get (9 MB)` })
  await fetchPackages(download)
  for (const name of await readdir(download)) {
    if (name.endsWith('.deb')) await runOrThrow('dpkg', ['-x', join(download, name), root])
  }
  const system = join(root, 'usr/lib/x86_64-linux-gnu')
  const lib = join(staging, 'lib')
  await mkdir(lib)
  await rename(join(system, 'libfaiss.a'), join(lib, 'libfaiss.a'))
  await rename(await onlyFile(join(system, 'openblas-pthread'), /^libopenblasp-r.*\.so$/), join(lib, faissShared[0]!))
  await rename(await onlyFile(system, /^libgfortran\.so\.5\.\d/), join(lib, faissShared[1]!))
  await rename(await onlyFile(system, /^libquadmath\.so\.0\.\d/), join(lib, faissShared[2]!))
  await rename(join(root, 'usr/include'), join(staging, 'include'))
  await rm(root, { recursive: true })
  await rm(download, { recursive: true })
}

async function fetchPackages(folder: string): Promise<void> {
  const next = 'Packages of Debian or Ubuntu must be within reach; the exact engine works without FAISS.'
  const first = await run('apt-get', ['download', ...packages], { cwd: folder, timeoutMs: 5 * 60_000 }).catch(
    (cause) => {
      throw new NativeError('NO_APT', {
        what: 'FAISS is built from Debian’s packages, and this system has no apt-get.',
        next: 'Use Debian or Ubuntu on x64, or the exact engine, which needs nothing.',
        cause,
      })
    },
  )
  if (first.code === 0) return
  // No, or old, package lists: fetch our own, which needs no root.
  const state = join(folder, 'apt')
  await mkdir(join(state, 'lists/partial'), { recursive: true })
  await mkdir(join(state, 'cache/archives/partial'), { recursive: true })
  const own = ['-o', `Dir::State::lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${join(state, 'cache')}`]
  await runOrThrow('apt-get', [...own, 'update'], { cwd: folder, timeoutMs: 5 * 60_000, next })
  await runOrThrow('apt-get', [...own, 'download', ...packages], { cwd: folder, timeoutMs: 5 * 60_000, next })
}

async function onlyFile(folder: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name))
  if (names.length === 1) return join(folder, names[0]!)
  throw new NativeError('COMMAND_FAILED', {
    what: `Expected one file like ${pattern} in the packages ${packages.join(', ')}, found ${names.length}.`,
    next: 'This release of Debian or Ubuntu lays them out in another way; the exact engine works without FAISS.',
  })
}

function plainEnglish(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' }
}
