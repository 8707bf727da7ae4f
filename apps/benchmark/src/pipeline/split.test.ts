import { readCases } from '@sparc/tables'
import { expect, it } from 'vitest'
import { openData } from './data.ts'
import { split, splitFingerprint } from './split.ts'
import { tinyExperiment } from './tiny.fixture.ts'

it('draws as many users to test and to validate with as it is told, with the seed of the split', async () => {
  const parts = async (more: { testUsers?: number; validationUsers?: number; splitSeed?: number }) => {
    const experiment = tinyExperiment(more)
    return split((await openData(experiment, { kind: 'synthetic' })).dataset, experiment)
  }
  const all = await parts({})
  const some = await parts({ testUsers: 7, validationUsers: 5 })
  expect([some.test.numRows, some.validation.numRows]).toEqual([7, 5])
  expect(some.train.numRows).toBe(all.train.numRows)
  const whole = { test: readCases(all.test), validation: readCases(all.validation) }
  for (const part of ['test', 'validation'] as const) {
    const [few, many] = [readCases(some[part]), whole[part]]
    // In their order, with what is theirs.
    const rows = few.users.map((user) => many.users.indexOf(user))
    expect(rows).toEqual(rows.toSorted((a, b) => a - b))
    expect(rows.includes(-1)).toBe(false)
    const targets = ({ targets: { offsets, values } }: typeof few, r: number) =>
      Array.from(values.subarray(offsets[r], offsets[r + 1]))
    for (const [n, row] of rows.entries()) expect(targets(few, n)).toEqual(targets(many, row))
  }
  expect((await parts({ testUsers: 1e6, validationUsers: 1e6 })).test.numRows).toBe(all.test.numRows)
  expect(splitFingerprint(await parts({ validationUsers: 5 }))).not.toBe(splitFingerprint(all))
  const again = await parts({ testUsers: 7, validationUsers: 5 })
  expect(splitFingerprint(again)).toBe(splitFingerprint(some))
})
