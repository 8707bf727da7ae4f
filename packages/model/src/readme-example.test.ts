import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'

const directory = fileURLToPath(new URL('..', import.meta.url))

test('the start of the README prints what the README says', async () => {
  const readme = await readFile(`${directory}/README.md`, 'utf8')
  const [, shown] = /^```text\n(.*?)^```/ms.exec(readme) ?? []
  expect(await runReadme(directory)).toBe(shown)
})
