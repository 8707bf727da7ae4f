import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, bench, describe } from 'vitest'
import { createRecommender } from '../systems.ts'
import { smallWorld } from '../world.fixture.ts'
import { openServing } from './index.ts'

// What a user costs who has 20 items of history, in a catalogue of 12,000: hardly trained models, which cost as much as good ones.
const world = smallWorld({ users: 400, items: 12_000 })
const history = Array.from({ length: 20 }, (_, n) => `item-${n * 97}`)
const folder = await mkdtemp(join(tmpdir(), 'serving-bench-'))
afterAll(() => rm(folder, { recursive: true }))

const names = ['two-tower', 'comirec-sa', 'comirec-dr', 'mind', 'remi', 'sasrec', 'gemirec', 'sparc']
for (const dim of [64, 128, 256]) {
  const served = await Promise.all(
    names.map(async (name) => {
      const coded = name === 'gemirec' || name === 'sparc'
      const codes = { ...(coded && { warmUpSteps: 1 }), ...(name === 'gemirec' && { dictionary: { levels: 3 } }) }
      const model = createRecommender(name, { dim, steps: 2, batch: 32, initial: 'normal', ...codes })
      await model.fit({ items: world.data.items, sequences: world.data.sequences })
      await model.save(join(folder, `${name}-${dim}`))
      model.dispose()
      return { name, serving: await openServing(join(folder, `${name}-${dim}`)) }
    }),
  )
  describe(`one user at dim ${dim}`, () => {
    for (const { name, serving } of served) {
      bench(`${name}: embed`, () => void serving.embed(history), { iterations: 300 })
      bench(`${name}: recommend`, () => void serving.recommend(history, { k: 10 }), { iterations: 50 })
    }
  })
}
