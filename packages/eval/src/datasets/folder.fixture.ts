import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'

/** A temporary folder with these files (those that end in `.gz` compressed), removed when the test ends. */
export async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sparc-eval-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    const zipped = typeof content === 'string' && name.endsWith('.gz')
    await writeFile(join(directory, name), zipped ? gzipSync(content) : content)
  }
  return directory
}

/** `user,item,timestamp` lines of `users` users with `length` interactions each, over `items` items. */
export function log(
  users: number,
  length: number,
  items: number,
  time = (u: number, k: number) => 1e9 + u + k,
): string {
  const lines = ['user,item,timestamp']
  for (let u = 0; u < users; u++) {
    for (let k = 0; k < length; k++) lines.push(`u${u},i${(u * 7 + k) % items},${time(u, k)}`)
  }
  return `${lines.join('\n')}\n`
}
