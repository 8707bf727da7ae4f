import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, lstat, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A name that no other process picks. */
export function uniqueName(prefix: string): string {
  return `${prefix}.${process.pid}.${randomBytes(4).toString('hex')}`
}

/** True where something (also a dangling link) is at the path. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** The sha256 of a file's content, as hex digits. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/** Bytes of all files under a folder; 0 where there is none. Files may vanish while it counts. */
export async function folderSize(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return folderSize(path)
      return stat(path).then(
        (found) => found.size,
        () => 0,
      )
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Writes a file so that a reader, or a kill at any moment, finds the old content or the new, never a part. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = uniqueName(path)
  try {
    const file = await open(temporary, 'wx')
    await file.writeFile(content)
    await file.sync()
    await file.close()
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Makes `to` the same file as `from` without copying it: a hard link, or a symbolic one across file systems. */
export async function linkInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const temporary = uniqueName(to)
  try {
    await link(from, temporary)
  } catch {
    await symlink(from, temporary)
  }
  await rename(temporary, to)
  await rm(temporary, { force: true })
}

/** The parsed JSON of a file, or undefined where it is missing or damaged. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}
