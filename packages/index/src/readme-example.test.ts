import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'

test('the examples of the README run', async () => {
  const output = await runReadme(fileURLToPath(new URL('..', import.meta.url)))
  expect(output.trim()).toBe('[ 1, 2, 5 ] 3 of 6 scanned 1')
})
