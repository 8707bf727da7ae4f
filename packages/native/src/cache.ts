import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { NativeError } from './errors.ts'
import type { OnEvent } from './events.ts'
import { exists, readJson, sha256, uniqueName, writeAtomically } from './files.ts'
import { withLock } from './lock.ts'

const recordName = 'sparc-entry.json'

interface EntryRecord {
  name: string
  files: { path: string; size: number; sha256: string }[]
}

/** The folder that large files are kept in, once per user: `SPARC_CACHE`, else `~/.cache/sparc`. */
export function cacheDirectory(): string {
  const told = process.env.SPARC_CACHE
  if (told !== undefined && told !== '') return resolve(told)
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sparc')
}

/**
 * The folder of a cache entry, made by `make` where it is not there yet.
 *
 * `make` fills a folder of its own; only when it has come back is a record of every file (size, sha256) written and
 * the folder renamed into place, so an entry is whole or absent. An entry that fails its check is made again.
 */
export async function cacheEntry(
  name: string,
  make: (staging: string) => Promise<void>,
  options: { onEvent?: OnEvent; cache?: string } = {},
): Promise<string> {
  const cache = options.cache ?? cacheDirectory()
  const directory = join(cache, name)
  const temporary = join(cache, 'tmp')
  await mkdir(temporary, { recursive: true }).catch((cause) => {
    throw new NativeError('CACHE_NOT_WRITABLE', {
      what: `The cache folder ${cache} cannot be written.`,
      next: 'Make it writable, or name another one with the environment variable SPARC_CACHE.',
      cause,
    })
  })
  if (await isWhole(directory, name)) return directory
  return withLock(
    join(cache, 'locks', `${name}.lock`),
    async () => {
      if (await isWhole(directory, name)) return directory
      await sweep(temporary, name)
      const staging = join(temporary, uniqueName(name))
      await mkdir(staging)
      try {
        await make(staging)
        const record: EntryRecord = { name, files: await describe(staging) }
        await writeAtomically(join(staging, recordName), JSON.stringify(record, undefined, 1))
        if (await exists(directory)) await rename(directory, join(temporary, uniqueName(`${name}.old`)))
        await rename(staging, directory)
      } finally {
        await rm(staging, { recursive: true, force: true })
        await sweep(temporary, name)
      }
      return directory
    },
    options,
  )
}

/** Whether an entry is there with each file of its record at its full size and, on request, with its full content. */
export async function isWhole(directory: string, name: string, content = true): Promise<boolean> {
  const record = (await readJson(join(directory, recordName))) as EntryRecord | undefined
  if (record?.name !== name || !Array.isArray(record.files)) return false
  for (const file of record.files) {
    const path = join(directory, file.path)
    const found = await stat(path).catch(() => undefined)
    if (found?.size !== file.size) return false
    if (content && (await sha256(path)) !== file.sha256) return false
  }
  return true
}

async function describe(directory: string): Promise<EntryRecord['files']> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const described = []
  for (const path of files.sort()) {
    described.push({
      path: path.slice(directory.length + 1),
      size: (await stat(path)).size,
      sha256: await sha256(path),
    })
  }
  return described
}

/** Throws away what killed attempts at the same entry have left. Called with the entry's lock held. */
async function sweep(temporary: string, name: string): Promise<void> {
  for (const left of await readdir(temporary)) {
    if (left.startsWith(`${name}.`)) await rm(join(temporary, left), { recursive: true, force: true })
  }
}
