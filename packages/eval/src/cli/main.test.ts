import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('says nothing where its reader has gone away, as `head` does', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@sparc/source', '--import', 'tsx', main, '--help'])
  child.stdout.destroy()
  let error = ''
  child.stderr.on('data', (text) => {
    error += text
  })
  const [code] = await once(child, 'close')
  expect(error).toBe('')
  expect(code).toBe(0)
}, 60_000)
