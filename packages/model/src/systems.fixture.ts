import type { FitEvent, VectorRecommender } from './recommender.ts'
import { createRecommender, isVectorRecommender, systems } from './systems.ts'
import { smallWorld, tiny } from './world.fixture.ts'

/** Names of the systems that are trained step by step. */
export const learned = Object.entries(systems).flatMap(([name, system]) => (system.kind === 'vector' ? [name] : []))
const special: Record<string, object> = {
  // Codes are cared for all the time, so that what draws at random is seen wherever a run is stopped.
  sparc: { codebook: { size: 8, reviveEvery: 4, reviveBelow: 1 }, warmUpSteps: 10 },
  gemirec: { dictionary: { size: 8, reviveEvery: 4, reviveBelow: 1 }, warmUpSteps: 10 },
  // What is shared and off by default.
  'comirec-dr': { features: true, idDropout: 0.2, loss: 'hard-softmax', context: {} },
  // A transformer of eight dimensions is slow to begin.
  sasrec: { blocks: 1, batch: 128, learningRate: 5e-3 },
}
/** Options under which a system trains in a blink. */
export const optionsOf = (name: string) => ({ ...tiny, ...special[name] })
/** What the shared tests train on. */
export const world = smallWorld()
/** An untrained model. */
export const create = (name: string): VectorRecommender => {
  const model = createRecommender(name, optionsOf(name))
  if (!isVectorRecommender(model)) throw new Error(`${name} is no vector system`)
  return model
}
/** A trained model, and what it told. */
export const fitted = async (name: string, seed = 1) => {
  const model = create(name)
  const events: FitEvent[] = []
  const onEvent = (event: FitEvent) => void events.push(event)
  const report = await model.fit(world.data, { seed, onEvent, validation: { every: 10, k: 10 } })
  return { model, report, events }
}
