import type { FitEvent, VectorRecommender } from './recommender.ts'
import { createRecommender, isVectorRecommender, systems } from './systems.ts'
import { smallWorld, tiny } from './world.fixture.ts'

/** Names of the systems that are trained step by step. */
export const learned = Object.entries(systems).flatMap(([name, system]) => (system.trained ? [name] : []))
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
/**
 * Recall@12 on held-back items before and after 80 large steps from drawn vectors: those from the spectrum, the default, know the groups
 * before anything is trained. 12 of 120 items by chance is .1; who knows the two groups of 20 that a user stays in gets .3.
 */
export async function learning(name: string): Promise<{ before: number; after: number }> {
  // What is shared and off by default is slow to learn on so little.
  const own = name === 'comirec-dr' ? tiny : optionsOf(name)
  const recall = async (steps: number, learningRate: number) => {
    const rates = { learningRate, finalLearningRate: learningRate }
    const model = createRecommender(name, { ...own, ...rates, initial: 'normal' })
    const { best } = await model.fit(world.data, { budget: { steps }, validation: { every: steps, k: 12 } })
    model.dispose()
    return best?.recall ?? 0
  }
  return { before: await recall(12, 1e-12), after: await recall(80, 0.02) }
}
/** A trained model, and what it told. */
export const fitted = async (name: string, seed = 1) => {
  const model = create(name)
  const events: FitEvent[] = []
  const onEvent = (event: FitEvent) => void events.push(event)
  const report = await model.fit(world.data, { seed, onEvent, validation: { every: 10, k: 10 } })
  return { model, report, events }
}
