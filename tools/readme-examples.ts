import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Runs the TypeScript of a README as a user would: all of its `ts` blocks, in order, as one program, from inside of the
 * package (so that it imports itself by name), in an empty folder.
 *
 * @returns what it printed
 * @throws when the program fails, with what it printed
 */
export async function runReadme(packageDirectory: string, env: Record<string, string> = {}): Promise<string> {
  const readme = await readFile(join(packageDirectory, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1])
  if (blocks.length === 0) throw new Error(`${packageDirectory}/README.md has no ts block`)
  const directory = await mkdtemp(join(packageDirectory, '.readme-'))
  try {
    const program = join(directory, 'example.ts')
    await writeFile(program, blocks.join('\n'))
    const args = ['--conditions=@sparc/source', '--import', import.meta.resolve('tsx'), program]
    const child = spawn(process.execPath, args, { cwd: directory, env: { ...process.env, ...env } })
    let output = ''
    child.stdout.on('data', (text) => {
      output += text
    })
    child.stderr.on('data', (text) => {
      output += text
    })
    const code = await new Promise((ended) => child.once('close', ended))
    if (code !== 0) throw new Error(`The README of ${packageDirectory} failed (${code}):\n${output}`)
    return output
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
