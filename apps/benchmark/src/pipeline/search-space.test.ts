import { random } from '@sparc/tables'
import { expect, it } from 'vitest'
import { drawSettings, searchSpace } from './search-space.ts'
import { systemNames } from './systems.ts'

const space = { dim: [64, 128], dropout: [0.4, 0.5], codebook: [{ size: 16 }, { size: 64 }] }

it('draws the defaults and settings of the space, the same for a seed', () => {
  const settings = drawSettings(space, 5, random(1))
  expect(settings[0]).toEqual({})
  expect(settings).toHaveLength(5)
  for (const { dim, dropout } of settings.slice(1)) {
    expect(space.dim).toContain(dim)
    expect(space.dropout).toContain(dropout)
  }
  expect(drawSettings(space, 5, random(1))).toEqual(settings)
  expect(drawSettings(space, 5, random(2))).not.toEqual(settings)
})

it('tries no setting twice, nor the defaults again, and ends where the space has no more', () => {
  const settings = drawSettings(space, 100, random(3))
  expect(new Set(settings.map((each) => JSON.stringify(each))).size).toBe(9)
  expect(settings).toHaveLength(9)
  const defaults = { dim: 128, dropout: 0.5, codebook: { size: 64 }, history: 20 }
  const meant = drawSettings(space, 100, random(3), (setting) => ({ ...defaults, ...setting }))
  expect(meant).toHaveLength(8)
  expect(meant).not.toContainEqual({ dim: 128, dropout: 0.5, codebook: { size: 64 } })
  expect(drawSettings({}, 3, random(1))).toEqual([{}])
})

it('has a space for every system but popularity, which has nothing to vary', () => {
  for (const name of systemNames) expect(Object.keys(searchSpace(name)).length > 0).toBe(name !== 'popularity')
})
