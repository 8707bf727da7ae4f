import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'

test('the examples of the README run', async () => {
  const output = await runReadme(fileURLToPath(new URL('..', import.meta.url)))
  // TensorFlow.js recommends its native half where that is not loaded; nothing else is printed.
  expect(output.replace(/=+\s+Hi, looks like[^=]*=+\s*/g, '').trim()).toBe('')
})
