import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cacheEntry } from './cache.ts'
import { findCompiler } from './compiler.ts'
import { NativeError } from './errors.ts'
import type { OnEvent } from './events.ts'
import { probeAddon } from './probe.ts'
import { runOrThrow } from './run.ts'

/** How to compile a native addon. Everything but the folders is part of its key in the cache. */
export interface AddonRecipe {
  /** Name of the cache entry, to which a hash of all that goes in is added. */
  name: string
  /** Name of the file to make. */
  file: string
  sources: string[]
  flags: string[]
  includes: string[]
  link: string[]
  /** Folder of the shared libraries it needs, for the test that it loads before it lies beside them. */
  libraries: string
  /** An expression over `addon` that exercises it. */
  probe: string
}

/** Path of the compiled addon in the cache, compiled and loaded once first where it is not there. */
export async function compiledAddon(
  recipe: AddonRecipe,
  options: { onEvent?: OnEvent; cache?: string },
): Promise<string> {
  const hash = createHash('sha256').update(
    JSON.stringify([recipe.flags, recipe.link].map((all) => all.map((part) => basename(part)))),
  )
  for (const source of recipe.sources) hash.update(await readFile(source))
  const name = `${recipe.name}-${hash.digest('hex').slice(0, 12)}`
  const directory = await cacheEntry(
    name,
    async (staging) => {
      const compiler = await findCompiler()
      options.onEvent?.({ kind: 'step', text: `Compiling ${recipe.file} with ${compiler}` })
      const output = join(staging, recipe.file)
      const includes = recipe.includes.flatMap((folder) => ['-I', folder])
      await runOrThrow(
        compiler,
        [...recipe.flags, '-shared', '-fPIC', ...includes, ...recipe.sources, '-o', output, ...recipe.link],
        { timeoutMs: 15 * 60_000 },
      )
      const result = await probeAddon(output, recipe.probe, recipe.libraries)
      if (!result.works) {
        throw new NativeError('LOAD_FAILED', {
          what: `${recipe.file} was compiled but does not load: ${result.problem}`,
        })
      }
    },
    options,
  )
  return join(directory, recipe.file)
}
