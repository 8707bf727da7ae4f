import { createRequire } from 'node:module'
import { join } from 'node:path'
import { compiledAddon } from './addon.ts'
import { cacheDirectory } from './cache.ts'
import { type FaissLibrary, faissLibrary, faissShared } from './faiss-library.ts'
import { writeAtomically } from './files.ts'
import { nodeAddonApi, nodeApiHeaders, nodeApiVersion } from './headers.ts'
import type { InstalledPackage } from './packages.ts'
import { requireLinuxX64 } from './platform.ts'
import { type EnsureOptions, type NativeHalf, type Provided, provide } from './provide.ts'

const addonPath = 'build/Release/faiss-node.node'

/** The native half of `faiss-node`. Of its own installer only the download is run: the rest would clone and build FAISS. */
export const faissHalf: NativeHalf = {
  name: 'faiss-node',
  addon: async () => addonPath,
  probe: `(() => {
    const index = new addon.IndexFlatL2(2)
    index.add([1, 0, 0, 1])
    return index.search([0, 1], 1).labels[0] === 1 ? 'it searches' : undefined
  })()`,
  installer: (found) => {
    const command = createRequire(join(found.directory, 'package.json')).resolve('prebuild-install/bin.js')
    return { args: [command, '--runtime', 'napi', '--verbose'], fills: ['build/Release'] }
  },
  recipe: fromDebian,
}

// faiss-node is written for FAISS 1.7.4, which moved this name; Debian 12 has 1.7.3.
const shim = `#include <faiss/Index.h>
#if FAISS_VERSION_MAJOR == 1 && (FAISS_VERSION_MINOR < 7 || (FAISS_VERSION_MINOR == 7 && FAISS_VERSION_PATCH < 4))
namespace faiss { using idx_t = Index::idx_t; }
#endif
`

/**
 * Provides the native half of `faiss-node` for every copy of it in or above `from`: by its own installer, else, on
 * Linux x64 with apt-get, from Debian's or Ubuntu's FAISS and the package's own source. Root is not needed.
 *
 * @throws NativeError `PACKAGE_NOT_FOUND`, `UNSUPPORTED_PLATFORM`, `NO_APT`, `NO_COMPILER`, `COMMAND_FAILED`,
 * `LOAD_FAILED`, `CACHE_NOT_WRITABLE`, `LOCK_TIMEOUT`
 *
 * @example
 * await ensureFaiss({ onEvent: (event) => log(event.text) })
 */
export function ensureFaiss(options: EnsureOptions = {}): Promise<Provided[]> {
  return provide(faissHalf, options)
}

async function fromDebian(found: InstalledPackage, options: EnsureOptions) {
  requireLinuxX64('FAISS')
  const library = await faissLibrary(options)
  const addon = await compiledAddon(await recipe(found, library, options), options)
  const shared = faissShared.map((name) => {
    return { from: join(library.libraries, name), to: `build/Release/${name}`, how: 'link' as const }
  })
  return { source: library.source, placings: [...shared, { from: addon, to: addonPath, how: 'copy' as const }] }
}

async function recipe(found: InstalledPackage, library: FaissLibrary, options: EnsureOptions) {
  const header = join(options.cache ?? cacheDirectory(), 'faiss-shim.h')
  await writeAtomically(header, shim)
  return {
    name: `faiss-node-${found.version}-${library.key}`,
    file: 'faiss-node.node',
    sources: [join(found.directory, 'src/faiss.cc')],
    flags: ['-O3', '-std=c++17', `-DNAPI_VERSION=${nodeApiVersion([6, 7, 8])}`, '-include', header],
    includes: [nodeAddonApi(), nodeApiHeaders(), library.include],
    // Each library is named as needed by the addon itself, and found beside it: OpenBLAS does not know where it lies.
    link: [
      '-Wl,--no-as-needed,--disable-new-dtags,-rpath,$ORIGIN',
      ...['libfaiss.a', ...faissShared].map((name) => join(library.libraries, name)),
      '-lgomp',
    ],
    libraries: library.libraries,
    probe: faissHalf.probe,
  }
}
