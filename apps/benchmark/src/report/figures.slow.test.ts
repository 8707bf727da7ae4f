import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { expect, it } from 'vitest'
import { runTiny } from '../pipeline/tiny.fixture.ts'
import { runPaths } from '../run-folder/folder.ts'
import { temporary } from '../temporary.fixture.ts'
import { figures } from './figures.ts'

it('draws training, codebook and index of the first seed that there is, each with a name to be read aloud', async () => {
  const at = join(temporary(), 'run')
  const sparc = { system: 'sparc', options: { codebook: { size: 8 }, warmUpSteps: 10 } }
  const { run, rows } = await runTiny(at, { systems: [sparc], seeds: [1, 2] })
  const second = rows.filter(({ seed }) => seed === 2)
  const made = await figures({ paths: runPaths(at), run, rows: second })
  const titles = made.map(({ title }) => title)
  for (const title of ['Training', 'Training loss', 'Codebook usage, sparc', 'Index, sparc-shards'])
    expect(titles).toContain(title)
  expect(titles).toEqual((await figures({ paths: runPaths(at), run, rows })).map(({ title }) => title))
  for (const { title, svg } of made) {
    const root = new JSDOM(svg, { contentType: 'image/svg+xml' }).window.document.documentElement
    expect([root.getAttribute('role'), root.getAttribute('aria-label')]).toEqual(['img', title])
    if (title.startsWith('Codebook')) expect(root.textContent).toContain('codes, most used first')
  }
})
