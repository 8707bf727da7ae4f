import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout that the app lies in, two folders above the one of the app. */
const checkout = fileURLToPath(new URL('../../../..', import.meta.url))

/**
 * The commit of a checkout, with `+changes` where tracked files differ from it: `91465d7c40+changes`. Undefined in any other folder,
 * also in one below a checkout, which may be that of somebody else's project, and where git can't say.
 */
export function commitOf(folder: string): string | undefined {
  if (!existsSync(join(folder, '.git'))) return undefined
  const args = ['describe', '--always', '--exclude=*', '--abbrev=10', '--dirty=+changes']
  try {
    return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

let known: { commit?: string } | undefined

/** The commit that this process runs, asked for once. */
export function commit(): string | undefined {
  known ??= { commit: commitOf(checkout) }
  return known.commit
}
