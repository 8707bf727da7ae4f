import { join } from 'node:path'
import type { OnEvent } from './events.ts'
import { exists } from './files.ts'
import { type InstalledPackage, requirePackages } from './packages.ts'
import { type Placing, place, placed } from './place.ts'
import { probeAddon } from './probe.ts'
import { type Installer, upstreamFiles } from './upstream.ts'

/** How to provide a native half. */
export interface EnsureOptions {
  /** Folder whose code is to load the package; the current one by default. */
  from?: string
  /** The cache folder, in place of `SPARC_CACHE` or `~/.cache/sparc`. */
  cache?: string
  /** False: do not try the package's own installer first. */
  upstream?: boolean
  /** Give the package's own installer up when it has made no headway for this long; 25 s by default. */
  upstreamPatienceMs?: number
  onEvent?: OnEvent
}

/** What a package has now. */
export interface Provided {
  package: InstalledPackage
  /** Where its native half is from. */
  source: string
  /** False where it was in place already. */
  changed: boolean
}

/** An npm package with a native half, and the ways to come by it. */
export interface NativeHalf {
  /** Name of the npm package. */
  name: string
  /** Path of the addon inside the package, of the version that is installed. */
  addon: (found: InstalledPackage) => Promise<string>
  /** An expression over `addon`, the loaded addon, that exercises it and gives a version; see `probeAddon`. */
  probe: string
  /** The package's own installer, where it is worth a try. */
  installer?: (found: InstalledPackage) => Installer
  /** The way that needs no prebuilt binary: makes the files in the cache and says which go where, the addon last. */
  recipe: (found: InstalledPackage, options: EnsureOptions) => Promise<{ source: string; placings: Placing[] }>
}

/** Provides a native half for every copy of its package in or above `from`: at once where it is in place already. */
export async function provide(half: NativeHalf, options: EnsureOptions = {}): Promise<Provided[]> {
  const provided: Provided[] = []
  for (const found of await requirePackages(half.name, options.from ?? process.cwd())) {
    const before = await present(half, found)
    if (before !== undefined) provided.push({ package: found, source: before, changed: false })
    else provided.push({ package: found, source: await obtain(half, found, options), changed: true })
  }
  return provided
}

/** Where the native half that is in place is from, or undefined where there is none that is whole. */
export async function present(half: NativeHalf, found: InstalledPackage): Promise<string | undefined> {
  const ours = await placed(found.directory)
  if (ours !== undefined) return ours.source
  const addon = join(found.directory, await half.addon(found))
  if (!(await exists(addon))) return undefined
  const result = await probeAddon(addon, half.probe)
  return result.works ? 'elsewhere' : undefined
}

async function obtain(half: NativeHalf, found: InstalledPackage, options: EnsureOptions): Promise<string> {
  const upstream = options.upstream === false ? undefined : await upstreamFiles(half, found, options)
  const { source, placings } = upstream ?? (await half.recipe(found, options))
  await place(found.directory, source, placings, half.probe)
  return source
}
