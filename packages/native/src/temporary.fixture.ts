import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, onTestFinished } from 'vitest'

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sparc-native-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files (path in the folder -> content) and the folders they need. */
export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

const original = { PATH: process.env.PATH, CXX: process.env.CXX }
afterEach(() => {
  process.env.PATH = original.PATH
  if (original.CXX === undefined) delete process.env.CXX
  else process.env.CXX = original.CXX
})

/**
 * Until the test ends, the PATH is a folder with these commands, each a Node program (`args` are its arguments), and
 * nothing else.
 */
export async function onlyCommands(commands: Record<string, string>): Promise<void> {
  const folder = await temporaryFolder()
  for (const [name, program] of Object.entries(commands)) {
    const path = join(folder, name)
    const head = `#!${process.execPath}\nconst fs = require('node:fs'); const args = process.argv.slice(2)\n`
    await writeFile(path, `${head}${program}\n`)
    await chmod(path, 0o755)
  }
  process.env.PATH = folder
  delete process.env.CXX
}
