import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'

test('the example of the README runs and prints nothing', async () => {
  expect(await runReadme(fileURLToPath(new URL('..', import.meta.url)))).toBe('')
})
