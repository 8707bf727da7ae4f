import { readdir, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { NativeError } from './errors.ts'
import { exists, readJson } from './files.ts'

/** An installed npm package: its folder with links resolved, and its version. */
export interface InstalledPackage {
  name: string
  version: string
  directory: string
}

/**
 * Every copy of a package that code in or above `from` may load: in each `node_modules` on the way up, and in pnpm's
 * store of the workspace around it, so that one call at the root serves all packages of a workspace.
 */
export async function findPackages(name: string, from: string): Promise<InstalledPackage[]> {
  const found = new Map<string, InstalledPackage>()
  let folder = resolve(from)
  while (true) {
    const modules = join(folder, 'node_modules')
    for (const candidate of [join(modules, name), ...(await pnpmCopies(modules, name))]) {
      const manifest = (await readJson(join(candidate, 'package.json'))) as { version?: string } | undefined
      if (manifest?.version === undefined) continue
      const directory = await realpath(candidate)
      found.set(directory, { name, version: manifest.version, directory })
    }
    if (dirname(folder) === folder) return [...found.values()]
    folder = dirname(folder)
  }
}

/** Like {@link findPackages}, but none at all is an error that says what to install. */
export async function requirePackages(name: string, from: string): Promise<InstalledPackage[]> {
  const found = await findPackages(name, from)
  if (found.length > 0) return found
  throw new NativeError('PACKAGE_NOT_FOUND', {
    what: `The npm package ${name} is not installed in or above ${resolve(from)}.`,
    next: `Install it there (npm install ${name}), or name the folder that uses it with --from.`,
  })
}

async function pnpmCopies(modules: string, name: string): Promise<string[]> {
  const store = join(modules, '.pnpm')
  if (!(await exists(store))) return []
  const prefix = `${name.replace('/', '+')}@`
  const versions = (await readdir(store)).filter((entry) => entry.startsWith(prefix))
  return versions.map((entry) => join(store, entry, 'node_modules', name))
}
