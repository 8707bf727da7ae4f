import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InvalidFileError, InvalidInputError } from './errors.ts'
import { readFileChecked, targetOfTemporary, writeFileAtomic } from './files.ts'
import { guards } from './guards.ts'

const MANIFEST = 'manifest.json'
const MAX_MANIFEST = 256 * 1024 * 1024

const { count, object, record, recordOf, text } = guards
const isManifest = object({
  format: text,
  version: count,
  meta: record,
  files: recordOf(object({ path: text, bytes: count, sha256: text })),
})

/** What kind of thing a folder holds, and in which version of its layout. */
export interface FolderFormat {
  /** `'sparc.model'`, ... */
  format: string
  version: number
}

/** The content of a saved folder. */
export interface FolderContent extends FolderFormat {
  /** Anything that JSON can hold. */
  meta: Record<string, unknown>
  /** By name; a function is called when its turn comes, so that not all need be in memory at once. */
  files: Record<string, Uint8Array | (() => Uint8Array | Promise<Uint8Array>)>
}

/** An opened folder: its files are read, and checked, when asked for. */
export interface OpenFolder {
  meta: Record<string, unknown>
  names: string[]
  /** Size of a file in bytes, as the manifest has it. */
  size(name: string): number
  /** @throws InvalidFileError `TRUNCATED`, `CHECKSUM`, `NO_SUCH_FILE` */
  read(name: string): Promise<Uint8Array>
}

/** `weights.safetensors` with its content's hash becomes `weights-0123456789abcdef.safetensors`. */
function addressed(name: string, sha256: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? `${name.slice(0, dot)}-${sha256.slice(0, 16)}${name.slice(dot)}` : `${name}-${sha256.slice(0, 16)}`
}

/** The name that `addressed` was given. */
const plainName = (path: string) => path.replace(/-[0-9a-f]{16}(?=\.[^.]*$|$)/, '')

/** Whether saving files of these names may have made such an entry: one of them by some content, or a temporary file. */
function isOwn(entry: string, names: ReadonlySet<string>): boolean {
  const target = targetOfTemporary(entry)
  if (target === MANIFEST) return true
  const path = target ?? entry
  return plainName(path) !== path && names.has(plainName(path))
}

function checkDirectory(directory: unknown): void {
  if (typeof directory === 'string' && directory.trim() !== '') return
  throw new InvalidInputError('NO_DIRECTORY', {
    what: 'The folder has no name',
    given: typeof directory === 'string' ? JSON.stringify(directory) : directory,
    allowed: 'the path of a folder, a string that is not blank',
    next: 'Name a folder; "." is the current one.',
  })
}

/**
 * Saves a folder so that a kill at any moment leaves the old state or the new one. Files are named by their content and
 * written first; then `manifest.json`, which names them with size and SHA-256, is renamed into place; then what earlier
 * saves left of these files, and of those that the manifest before named, is removed. All else in the folder stays.
 *
 * A folder that holds something of another format is left as it is.
 *
 * @param options.keepOld leaves the files of the state before, for readers that have it open
 * @throws InvalidInputError `NO_DIRECTORY`
 * @throws InvalidFileError `FOREIGN_FORMAT`, `NOT_WRITABLE`, `NO_SPACE`
 */
export async function saveFolder(
  directory: string,
  content: FolderContent,
  options: { keepOld?: boolean } = {},
): Promise<void> {
  const names = new Set([...(await savedNames(directory, content.format)), ...Object.keys(content.files)])
  const files: Record<string, { path: string; bytes: number; sha256: string }> = {}
  for (const [name, source] of Object.entries(content.files)) {
    const bytes = typeof source === 'function' ? await source() : source
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const path = addressed(name, sha256)
    files[name] = { path, bytes: bytes.length, sha256 }
    const there = await stat(join(directory, path)).catch(() => undefined)
    if (there?.size !== bytes.length) await writeFileAtomic(join(directory, path), bytes)
  }
  const { format, version, meta } = content
  await writeFileAtomic(join(directory, MANIFEST), `${JSON.stringify({ format, version, meta, files }, null, 2)}\n`)
  if (options.keepOld) return
  const named = new Set(Object.values(files).map((file) => file.path))
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile() || named.has(entry.name) || !isOwn(entry.name, names)) continue
    await rm(join(directory, entry.name), { force: true })
  }
}

/**
 * Names of the files that a folder's manifest has; none where there is no whole manifest.
 *
 * @throws InvalidInputError `NO_DIRECTORY`
 * @throws InvalidFileError `FOREIGN_FORMAT`
 */
async function savedNames(directory: string, format: string): Promise<string[]> {
  checkDirectory(directory)
  const text = await readFile(join(directory, MANIFEST), 'utf8').catch(() => '')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // There is none, or it was torn: then its head may say of what format it was.
  }
  const others = json === undefined ? undefined : `a ${MANIFEST} of others`
  const there = /^\s*\{\s*"format":\s*"([^"]*)"/.exec(text)?.[1] ?? others
  if (there !== undefined && there !== format) {
    const next = `Save to another folder, or delete this one; ${format} would replace what it holds.`
    throw refused('FOREIGN_FORMAT', `The folder ${directory} holds something else`, there, next)
  }
  return isManifest(json) ? Object.keys(json.files) : []
}

/**
 * Whether a folder may be saved to: it holds no whole manifest, or one of the same format.
 *
 * @throws InvalidInputError `NO_DIRECTORY`
 * @throws InvalidFileError `FOREIGN_FORMAT`
 */
export async function checkSameFormat(directory: string, format: string): Promise<void> {
  await savedNames(directory, format)
}

function refused(code: string, what: string, given: unknown, next: string, cause?: unknown): InvalidFileError {
  return new InvalidFileError(code, { what, given, next, cause })
}

/**
 * Opens a saved folder and checks its manifest. Files are read and checked one by one, when asked for.
 *
 * @throws InvalidInputError `NO_DIRECTORY`
 * @throws InvalidFileError `NO_SUCH_FILE` (no manifest), `NOT_A_MANIFEST`, `FOREIGN_FORMAT`, `NEWER_VERSION`,
 * `PATH_ESCAPE`
 */
export async function openFolder(directory: string, allowed: FolderFormat): Promise<OpenFolder> {
  checkDirectory(directory)
  const path = join(directory, MANIFEST)
  const size = (await stat(path).catch(() => undefined))?.size ?? 0
  if (size > MAX_MANIFEST) throw refused('OVERSIZED', 'The manifest is too large', size, 'It was not made by save.')
  const bytes = await readFileChecked(path)
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw refused('NOT_A_MANIFEST', 'The manifest is not JSON', path, 'It is damaged; save again.', error)
  }
  if (!isManifest(json)) throw refused('NOT_A_MANIFEST', 'The manifest is not one of ours', path, 'Save again.')
  const { format, version, meta, files } = json
  if (format !== allowed.format) {
    const next = `Open a folder of format ${allowed.format}, or use the package that wrote this one.`
    throw refused('FOREIGN_FORMAT', `The folder ${directory} holds something else`, format, next)
  }
  if (version > allowed.version || version < 1) {
    const next = `This release reads versions 1 to ${allowed.version}; update the package.`
    throw refused('NEWER_VERSION', `The folder ${directory} was saved by a newer release`, `version ${version}`, next)
  }
  for (const file of Object.values(files)) {
    if (file.path === basename(file.path) && file.path !== '.' && file.path !== '..' && !file.path.includes('\\'))
      continue
    throw refused('PATH_ESCAPE', 'The manifest names a file outside of its folder', file.path, 'Do not open it.')
  }
  const entryOf = (name: string) => {
    if (Object.hasOwn(files, name)) return files[name]
    throw refused('NO_SUCH_FILE', `The folder ${directory} has no file "${name}"`, Object.keys(files), 'Save it again.')
  }
  return {
    meta,
    names: Object.keys(files),
    size: (name) => entryOf(name).bytes,
    async read(name) {
      const entry = entryOf(name)
      const full = join(directory, entry.path)
      const there = await stat(full).catch(() => undefined)
      if (there && there.size !== entry.bytes) {
        const code = there.size < entry.bytes ? 'TRUNCATED' : 'OVERSIZED'
        const what = `File "${name}" has the wrong size`
        throw refused(code, what, `${there.size} bytes, ${entry.bytes} expected`, 'Save it again.')
      }
      const content = await readFileChecked(full)
      const sha256 = createHash('sha256').update(content).digest('hex')
      if (sha256 === entry.sha256) return content
      throw refused('CHECKSUM', `File "${name}" does not match its checksum`, sha256, 'It is damaged; save it again.')
    },
  }
}
