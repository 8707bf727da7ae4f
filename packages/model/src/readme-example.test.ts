import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runReadme } from '../../../tools/readme-examples.ts'
import { systems } from './systems.ts'

const directory = fileURLToPath(new URL('..', import.meta.url))

test('the start of the README prints what the README says', async () => {
  const readme = await readFile(`${directory}/README.md`, 'utf8')
  const [, shown] = /^```text\n(.*?)^```/ms.exec(readme) ?? []
  expect(await runReadme(directory)).toBe(shown)
})

test('the README names every option of every system', async () => {
  const readme = await readFile(`${directory}/README.md`, 'utf8')
  const named = new Set([...readme.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => code.match(/\w+/g) ?? []))
  for (const [name, { create }] of Object.entries(systems)) {
    const options = Object.entries(create().options ?? {})
    const inner = options.flatMap(([, value]) =>
      typeof value === 'object' && value !== null ? Object.keys(value) : [],
    )
    const all = [...options.map(([key]) => key), ...inner]
    expect(
      all.filter((key) => !named.has(key)),
      name,
    ).toEqual([])
  }
})
