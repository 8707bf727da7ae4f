import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'

const directory = fileURLToPath(new URL('..', import.meta.url))

test('the examples of the README print what the README says', async () => {
  const readme = await readFile(`${directory}/README.md`, 'utf8')
  const shown = [...readme.matchAll(/^```text\n(.*?)^```/gms)].map((match) => match[1])
  expect(await runReadme(directory)).toBe(shown.join(''))
})
