import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'

test('the example of the README runs', async () => {
  const output = await runReadme(fileURLToPath(new URL('..', import.meta.url)))
  expect(output).toMatch(/^faiss-node.*: (works|missing|not installed)/m)
  expect(output).toMatch(/^false$/m)
})
