import { bench, describe } from 'vitest'
import { clustered } from './clustered.fixture.ts'
import { CodeShardedIndex } from './code-sharded-index.ts'

const { embeddings, interests } = clustered({ items: 50_000, dim: 64, codes: 64, queries: 1000, spread: 1.5 })
const { dim, data } = interests.vectors
const alone = {
  ...interests,
  users: ['q'],
  offsets: Int32Array.of(0, 1),
  vectors: { data: data.slice(0, dim), rows: 1, dim },
  codes: interests.codes?.slice(0, 1),
}

for (const options of [{ storage: 'Flat' }, { storage: 'SQ8' }, { engine: 'faiss' }] as const) {
  const index = await CodeShardedIndex.build(embeddings, options)
  const name = Object.values(options).join(' ')
  describe(`${name}, 50,000 items, 8 probes of 64`, () => {
    bench('one query', async () => {
      await index.find(alone, { k: 50, probes: 8 })
    })
    bench('a batch of 1,000', async () => {
      await index.find(interests, { k: 50, probes: 8 })
    })
  })
}

describe('building, 50,000 items', () => {
  bench('with codes', async () => {
    await (await CodeShardedIndex.build(embeddings)).close()
  })
  bench(
    'training 64 codes',
    async () => {
      await (await CodeShardedIndex.build(embeddings, { codes: 64 })).close()
    },
    { iterations: 3 },
  )
})
