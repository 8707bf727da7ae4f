import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../../tools/readme-examples.ts'

test('the example of the page on data runs', async () => {
  const output = await runReadme(fileURLToPath(new URL('../../docs/data', import.meta.url)))
  expect(output).toMatch(/^40 users, 30 items, fingerprint [0-9a-f]{16}\n32 4 4\n0 leaks\n$/)
})
