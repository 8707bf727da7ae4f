import * as tf from '@tensorflow/tfjs'
import { beforeAll, expect, it } from 'vitest'
import { normal, ready } from '../gradient.fixture.ts'
import { segmentSum } from './segment-sum.ts'

beforeAll(ready)

it.each([
  ['that fill all segments', [0, 0, 1, 2, 2, 2], 3],
  ['that leave some empty', [1, 1, 1, 4, 4, 6], 7],
  ['that leave the last ones empty', [0, 2, 2, 2, 3, 3], 7],
])('sums rows %s, as a loop does', (_, ids, count) => {
  const rows = normal<tf.Rank.R2>([6, 3], 1)
  const expected = Array.from({ length: count }, () => [0, 0, 0])
  for (const [r, row] of rows.arraySync().entries()) for (const d of row.keys()) expected[ids[r]][d] += row[d]
  const found = segmentSum(rows, tf.tensor1d(ids, 'int32'), count, ids[5])
  expect(found.shape).toEqual([count, 3])
  for (const [s, sum] of found.arraySync().entries()) {
    for (const [d, x] of sum.entries()) expect(x).toBeCloseTo(expected[s][d], 6)
  }
})
