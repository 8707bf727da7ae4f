import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true })
})

/** An empty folder that is gone after the tests of the file. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'benchmark-'))
  made.push(folder)
  return folder
}
