import { expect, it } from 'vitest'
import { runTiny } from '../pipeline/tiny.fixture.ts'
import { openRunFolder } from '../run-folder/folder.ts'
import { temporary } from '../temporary.fixture.ts'
import { explorer } from './explorer.ts'

it('tells interests from the vector of the whole user, and names what found each item', async () => {
  const at = temporary()
  const sparc = { system: 'sparc', options: { codebook: { size: 8 }, explored: 3, warmUpSteps: 10 } }
  const { run, rows } = await runTiny(at, { systems: [sparc] })
  const folder = await openRunFolder(at)
  await folder.lock.release()
  const shown = await explorer({ paths: folder, run, rows }, true)
  expect(shown?.users.length).toBeGreaterThan(5)
  for (const { interests, list } of shown?.users ?? []) {
    expect(interests.filter(({ code }) => code === null)).toHaveLength(1)
    expect(interests.find(({ code }) => code === null)?.probability).toBeCloseTo(0.5, 5)
    const codes = interests.map(({ code }) => code)
    expect(new Set(codes).size).toBe(4)
    for (const { code } of list) expect(codes).toContain(code)
  }
  // Where the whole user weighs as much as all interests together, it finds items that no single interest finds as well.
  expect(shown?.users.some(({ list }) => list.some(({ code }) => code === null))).toBe(true)
})
