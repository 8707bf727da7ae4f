import { basename, dirname, join } from 'node:path'
import { compiledAddon } from './addon.ts'
import type { OnEvent } from './events.ts'
import { readJson } from './files.ts'
import { nodeApiHeaders, nodeApiVersion } from './headers.ts'
import { type InstalledPackage, requirePackages } from './packages.ts'
import { place, placed } from './place.ts'
import { requireLinuxX64 } from './platform.ts'
import { type TensorflowLibrary, tensorflowLibrary } from './tensorflow-library.ts'

/** An expression over tfjs-node's addon that gives TensorFlow's version. */
export const tensorflowProbe = 'addon.TF_Version'

/** How to provide a native half. */
export interface EnsureOptions {
  /** Folder whose code is to load the package; the current one by default. */
  from?: string
  /** The cache folder, in place of `SPARC_CACHE` or `~/.cache/sparc`. */
  cache?: string
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

/** Provides the native half of `@tensorflow/tfjs-node` for every copy of it in or above `from`. */
export async function ensureTensorflow(options: EnsureOptions = {}): Promise<Provided[]> {
  const provided: Provided[] = []
  for (const found of await requirePackages('@tensorflow/tfjs-node', options.from ?? process.cwd())) {
    const before = await placed(found.directory)
    if (before !== undefined) provided.push({ package: found, source: before.source, changed: false })
    else provided.push({ package: found, source: await build(found, options), changed: true })
  }
  return provided
}

async function build(found: InstalledPackage, options: EnsureOptions): Promise<string> {
  requireLinuxX64('TensorFlow')
  const library = await tensorflowLibrary(options)
  const api = await apiVersion(found)
  const addon = await compiledAddon(recipe(found, api, library), options)
  const libraries = library.libraries.map((from) => ({ from, to: `deps/lib/${basename(from)}`, how: 'link' as const }))
  await place(
    found.directory,
    library.source,
    [...libraries, { from: addon, to: `lib/napi-v${api}/tfjs_binding.node`, how: 'copy' }],
    tensorflowProbe,
  )
  return library.source
}

/** Number of the Node-API version whose folder tfjs-node loads its addon from. */
export async function apiVersion(found: InstalledPackage): Promise<number> {
  const manifest = (await readJson(join(found.directory, 'package.json'))) as { binary: { napi_versions: number[] } }
  return nodeApiVersion(manifest.binary.napi_versions)
}

function recipe(found: InstalledPackage, api: number, library: TensorflowLibrary) {
  const folder = dirname(library.libraries[0]!)
  return {
    name: `tfjs-node-${found.version}-${library.key}`,
    file: 'tfjs_binding.node',
    sources: ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(found.directory, 'binding', name)),
    flags: ['-O2', '-std=c++17', `-DNAPI_VERSION=${api}`],
    includes: [nodeApiHeaders(), found.directory, join(found.directory, 'binding'), library.include],
    link: [
      '-L',
      folder,
      ...library.libraries.map((path) => `-l:${basename(path)}`),
      '-Wl,-rpath,$ORIGIN/../../deps/lib',
      `-Wl,-rpath-link,${folder}`,
    ],
    probe: tensorflowProbe,
    libraries: folder,
  }
}
