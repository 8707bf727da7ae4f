import { basename, dirname, join } from 'node:path'
import { compiledAddon } from './addon.ts'
import { readJson } from './files.ts'
import { nodeApiHeaders, nodeApiVersion } from './headers.ts'
import type { InstalledPackage } from './packages.ts'
import { requireLinuxX64 } from './platform.ts'
import { type EnsureOptions, type NativeHalf, type Provided, provide } from './provide.ts'
import { type TensorflowLibrary, tensorflowLibrary } from './tensorflow-library.ts'

/** The native half of `@tensorflow/tfjs-node`. */
export const tensorflowHalf: NativeHalf = {
  name: '@tensorflow/tfjs-node',
  addon: addonPath,
  probe: 'addon.TF_Version',
  installer: () => ({ args: ['scripts/install.js'], fills: ['lib', 'deps/lib'] }),
  recipe: async (found, options) => fromLibrary(found, options, 'cpu'),
}

/**
 * The native half of `@tensorflow/tfjs-node-gpu`. Its own installer brings a library for CUDA 11.2, which no current
 * card runs on, so on Linux x64 it is not tried.
 */
export const tensorflowGpuHalf: NativeHalf = {
  name: '@tensorflow/tfjs-node-gpu',
  addon: addonPath,
  probe: 'addon.TF_Version',
  installer:
    process.platform === 'linux'
      ? undefined
      : () => ({ args: ['scripts/install.js', 'gpu', 'download'], fills: ['lib', 'deps/lib'] }),
  recipe: async (found, options) => fromLibrary(found, options, 'gpu'),
}

/**
 * Provides the native half of `@tensorflow/tfjs-node` for every copy of it in or above `from`: by its own installer,
 * else, on Linux x64, from the C library in PyPI's `tensorflow-cpu` and the package's own sources.
 *
 * @throws NativeError `PACKAGE_NOT_FOUND`, `UNSUPPORTED_PLATFORM`, `NO_PIP`, `NO_COMPILER`, `COMMAND_FAILED`,
 * `COMMAND_STALLED`, `WRONG_CHECKSUM`, `LOAD_FAILED`, `CACHE_NOT_WRITABLE`, `LOCK_TIMEOUT`
 *
 * @example
 * const [provided] = await ensureTensorflow({ from: 'packages/app', onEvent: (event) => log(event.text) })
 */
export function ensureTensorflow(options: EnsureOptions = {}): Promise<Provided[]> {
  return provide(tensorflowHalf, options)
}

/** Like {@link ensureTensorflow}, for `@tensorflow/tfjs-node-gpu`, with CUDA 12 and cuDNN from PyPI's wheels. */
export function ensureTensorflowGpu(options: EnsureOptions = {}): Promise<Provided[]> {
  return provide(tensorflowGpuHalf, options)
}

async function fromLibrary(found: InstalledPackage, options: EnsureOptions, variant: 'cpu' | 'gpu') {
  requireLinuxX64('TensorFlow')
  const library = await tensorflowLibrary(variant, options)
  const addon = await compiledAddon(await recipe(found, library), options)
  const libraries = library.shared.map((from) => ({ from, to: `deps/lib/${basename(from)}`, how: 'link' as const }))
  const nvidia = library.nvidia === undefined ? [] : [{ from: library.nvidia, to: 'deps/nvidia', how: 'link' as const }]
  const placings = [...libraries, ...nvidia, { from: addon, to: await addonPath(found), how: 'copy' as const }]
  return { source: library.source, placings }
}

async function apiVersion(found: InstalledPackage): Promise<number> {
  const manifest = (await readJson(join(found.directory, 'package.json'))) as { binary: { napi_versions: number[] } }
  return nodeApiVersion(manifest.binary.napi_versions)
}

async function addonPath(found: InstalledPackage): Promise<string> {
  return `lib/napi-v${await apiVersion(found)}/tfjs_binding.node`
}

async function recipe(found: InstalledPackage, library: TensorflowLibrary) {
  const folder = dirname(library.shared[0]!)
  const names = library.shared.map((path) => `-l:${basename(path)}`)
  return {
    name: `${found.name.replace('@tensorflow/', '')}-${found.version}-${library.key}`,
    file: 'tfjs_binding.node',
    sources: ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(found.directory, 'binding', name)),
    flags: ['-O2', '-std=c++17', `-DNAPI_VERSION=${await apiVersion(found)}`],
    includes: [nodeApiHeaders(), found.directory, join(found.directory, 'binding'), library.include],
    link: ['-L', folder, ...names, `-Wl,-rpath-link,${folder}`, '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    libraries: folder,
    probe: tensorflowHalf.probe,
  }
}
