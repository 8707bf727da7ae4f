import { cp, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { cacheDirectory, cacheEntry } from './cache.ts'
import { NativeError } from './errors.ts'
import { exists, folderSize, uniqueName, writeAtomically } from './files.ts'
import type { InstalledPackage } from './packages.ts'
import type { Placing } from './place.ts'
import { probeAddon } from './probe.ts'
import type { EnsureOptions, NativeHalf } from './provide.ts'
import { runOrThrow } from './run.ts'

/** A package's own installer: arguments for Node, run in the package's folder, and the folders that it fills. */
export interface Installer {
  args: string[]
  fills: string[]
}

const failureLastsMs = 7 * 24 * 3_600_000

/**
 * The files that the package's own installer makes, kept in the cache; undefined where it does not succeed.
 *
 * It runs on a copy of the package beside the package, so that what it leaves when it fails is nowhere. It is given up
 * when nothing has grown for `upstreamPatienceMs`, and a failure is remembered for a week: behind a firewall it would
 * cost that time again in every checkout.
 */
export async function upstreamFiles(
  half: NativeHalf,
  found: InstalledPackage,
  options: EnsureOptions,
): Promise<{ source: string; placings: Placing[] } | undefined> {
  const installer = half.installer?.(found)
  if (installer === undefined) return undefined
  const label = found.name.replace('@', '').replace('/', '-')
  const api = `napi${process.versions.napi}`
  const name = `${label}-${found.version}-upstream-${process.platform}-${process.arch}-${api}`
  const failure = join(options.cache ?? cacheDirectory(), 'upstream-failed', name)
  const failed = await stat(failure).catch(() => undefined)
  if (failed !== undefined && Date.now() - failed.mtimeMs < failureLastsMs) return undefined
  options.onEvent?.({ kind: 'step', text: `Trying the installer of ${found.name} ${found.version}` })
  try {
    const entry = await cacheEntry(name, (staging) => install(half, found, installer, staging, options), options)
    const addon = await half.addon(found)
    const files = await filesUnder(entry, installer.fills)
    const placings = files.map((to): Placing => ({ from: join(entry, to), to, how: to === addon ? 'copy' : 'link' }))
    placings.sort((a, b) => Number(a.to === addon) - Number(b.to === addon))
    return { source: `the installer of ${found.name} ${found.version}`, placings }
  } catch (error) {
    if (!NativeError.isInstance(error)) throw error
    await writeAtomically(failure, `${error.message}\n`)
    options.onEvent?.({
      kind: 'warning',
      text: `It could not provide its binary (${reason(error)}); going another way`,
    })
    return undefined
  }
}

/** What an installer's output says of why it failed, in a few words. */
function reason({ code, message }: NativeError): string {
  if (code === 'COMMAND_STALLED') return 'no headway'
  const network = /ENOTFOUND|ECONN[A-Z]+|ETIMEDOUT|EAI_AGAIN/.exec(message)?.[0]
  const host = /hostname: '([^']+)'/.exec(message)?.[1] ?? /ENOTFOUND ([\w.-]+)/.exec(message)?.[1]
  if (network !== undefined) return host === undefined ? network : `${network} ${host}`
  const error = message.split('\n').find((line) => /error|not found|status/i.test(line) && !/^\s*at /.test(line))
  return error?.trim() ?? 'it failed'
}

async function install(
  half: NativeHalf,
  found: InstalledPackage,
  installer: Installer,
  staging: string,
  options: EnsureOptions,
): Promise<void> {
  // Beside the package, the copy finds the same dependencies as the package does.
  const copy = join(dirname(found.directory), uniqueName(`.sparc-${basename(found.directory)}`))
  try {
    await cp(found.directory, copy, { recursive: true, verbatimSymlinks: true })
    for (const folder of installer.fills) await rm(join(copy, folder), { recursive: true, force: true })
    const temporary = join(copy, '.tmp')
    await mkdir(temporary)
    const path = [...binFolders(copy), process.env.PATH].join(delimiter)
    await runOrThrow(process.execPath, installer.args, {
      cwd: copy,
      env: { ...process.env, PATH: path, TMPDIR: temporary, npm_config_cache: temporary },
      stall: { ms: options.upstreamPatienceMs ?? 25_000, measure: () => folderSize(copy) },
    })
    const result = await probeAddon(join(copy, await half.addon(found)), half.probe)
    if (!result.works)
      throw new NativeError('LOAD_FAILED', { what: `What it installed does not load: ${result.problem}` })
    for (const file of await filesUnder(copy, installer.fills)) {
      await cp(await realpath(join(copy, file)), join(staging, file))
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Where npm and pnpm put the commands of a package's dependencies. */
function binFolders(directory: string): string[] {
  const folders: string[] = []
  for (let folder = directory; dirname(folder) !== folder; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules', '.bin'))
  }
  return folders
}

/** Paths, relative to `root`, of all files (and links to files) in some of its folders. */
async function filesUnder(root: string, folders: string[]): Promise<string[]> {
  const files: string[] = []
  for (const folder of folders) {
    if (!(await exists(join(root, folder)))) continue
    for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name)
      if ((await stat(path)).isFile()) files.push(relative(root, path))
    }
  }
  return files
}
