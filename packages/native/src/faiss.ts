import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compiledAddon } from './addon.ts'
import { cacheDirectory } from './cache.ts'
import { type FaissLibrary, faissLibrary, faissShared } from './faiss-library.ts'
import { writeAtomically } from './files.ts'
import { nodeAddonApi, nodeApiHeaders, nodeApiVersion } from './headers.ts'
import { type InstalledPackage, requirePackages } from './packages.ts'
import { place, placed } from './place.ts'
import { requireLinuxX64 } from './platform.ts'
import type { EnsureOptions, Provided } from './tensorflow.ts'

/** An expression over faiss-node's addon that searches, which needs its BLAS. */
export const faissProbe = `(() => {
  const index = new addon.IndexFlatL2(2)
  index.add([1, 0, 0, 1])
  return index.search([0, 1], 1).labels[0] === 1 ? 'loads and searches' : 'wrong'
})()`

// faiss-node is written for FAISS 1.7.4, which moved this name; Debian 12 has 1.7.3.
const shim = `#include <faiss/Index.h>
#if FAISS_VERSION_MAJOR == 1 && (FAISS_VERSION_MINOR < 7 || (FAISS_VERSION_MINOR == 7 && FAISS_VERSION_PATCH < 4))
namespace faiss { using idx_t = Index::idx_t; }
#endif
`

/** Provides the native half of `faiss-node` for every copy of it in or above `from`. */
export async function ensureFaiss(options: EnsureOptions = {}): Promise<Provided[]> {
  const provided: Provided[] = []
  for (const found of await requirePackages('faiss-node', options.from ?? process.cwd())) {
    const before = await placed(found.directory)
    if (before !== undefined) provided.push({ package: found, source: before.source, changed: false })
    else provided.push({ package: found, source: await build(found, options), changed: true })
  }
  return provided
}

async function build(found: InstalledPackage, options: EnsureOptions): Promise<string> {
  requireLinuxX64('FAISS')
  const library = await faissLibrary(options)
  const addon = await compiledAddon(await recipe(found, library, options), options)
  const shared = faissShared.map((name) => {
    return { from: join(library.libraries, name), to: `build/Release/${name}`, how: 'link' as const }
  })
  await place(
    found.directory,
    library.source,
    [...shared, { from: addon, to: 'build/Release/faiss-node.node', how: 'copy' }],
    faissProbe,
  )
  return library.source
}

async function recipe(found: InstalledPackage, library: FaissLibrary, options: EnsureOptions) {
  const header = join(options.cache ?? cacheDirectory(), 'faiss-shim.h')
  await mkdir(options.cache ?? cacheDirectory(), { recursive: true })
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
    probe: faissProbe,
  }
}
