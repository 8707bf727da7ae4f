import type { Interests } from '@sparc/tables'
import { expect, test } from 'vitest'
import { clustered } from '../clustered.fixture.ts'
import { CodeShardedIndex } from '../code-sharded-index.ts'
import { loadTensorflow } from './load-tensorflow.ts'

const INTERESTS = 3
const { embeddings, interests } = clustered({ items: 30_000, dim: 64, codes: 16, queries: 2100, spread: 1.5 })
const users = interests.vectors.rows / INTERESTS
const asked: Interests = {
  ...interests,
  users: interests.users.slice(0, users),
  offsets: Int32Array.from({ length: users + 1 }, (_, u) => u * INTERESTS),
  // At scale 1 a mixture of three is at most 1.1 above its parts, which is all there is.
  score: { metric: 'cosine', scale: 30 },
  probabilities: Float32Array.from({ length: interests.vectors.rows }, (_, n) => (1 + (n % INTERESTS)) / 6),
}

/** The first users by themselves: too little to ask TensorFlow. */
function first(count: number): Interests {
  const { dim, data } = asked.vectors
  const rows = count * INTERESTS
  return {
    ...asked,
    users: asked.users.slice(0, count),
    offsets: asked.offsets.slice(0, count + 1),
    vectors: { data: data.slice(0, rows * dim), rows, dim },
    codes: asked.codes?.slice(0, rows),
    probabilities: asked.probabilities?.slice(0, rows),
  }
}

test('what TensorFlow scores for many users is what the scan finds for few', async () => {
  expect(await loadTensorflow()).toBeDefined()
  const index = await CodeShardedIndex.build(embeddings)
  await index.remove(Int32Array.from({ length: 500 }, (_, i) => i * 7))
  const filter = (item: number) => item % 5 !== 0
  for (const merge of ['max', 'mixture'] as const) {
    for (const wanted of [undefined, filter]) {
      const options = { k: 20, scope: 'all', merge, filter: wanted } as const
      const exclude = asked.users.map((_, u) => Int32Array.from({ length: 30 }, (_, n) => (u * 131 + n * 17) % 30_000))
      const many = await index.find(asked, { ...options, exclude })
      const few = await index.find(first(40), { ...options, exclude: exclude.slice(0, 40) })
      expect(many.items.subarray(0, 800)).toEqual(few.items)
      expect(many.codes?.subarray(0, 800)).toEqual(few.codes)
      for (let n = 0; n < 800; n++) expect(many.scores[n]).toBeCloseTo(few.scores[n], 5)
    }
  }
  await index.close()
})
