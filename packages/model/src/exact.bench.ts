import { random } from '@sparc/tables'
import { bench, describe } from 'vitest'
import { exactTopK } from './exact.ts'
import { itemScorer } from './item-scorer.ts'

const dim = 64
const draw = random(1)
const matrix = (rows: number) => ({ data: Float32Array.from({ length: rows * dim }, () => draw.normal()), rows, dim })
const scorer = await itemScorer(matrix(25_000))
const vectors = matrix(4_000)
const every = (step: number) => Int32Array.from({ length: vectors.rows / step + 1 }, (_, r) => r * step)

// The peer: tools/peers/torch_topk.py --users 4000.
describe('exact top 100 of 25,000 items, dim 64', () => {
  bench('4,000 users, one vector', () => void exactTopK({ vectors, offsets: every(1), k: 100 }, scorer), {
    iterations: 3,
    warmupIterations: 1,
    time: 0,
  })
  bench(
    '1,000 users, mixture of four',
    () => void exactTopK({ vectors, offsets: every(4), k: 100, merge: 'mixture' }, scorer),
    {
      iterations: 3,
      warmupIterations: 1,
      time: 0,
    },
  )
})
