/** The learning rate over a run. */
export interface Schedule {
  learningRate: number
  /** Where it ends. */
  finalLearningRate: number
  /** Steps in which it rises from zero. */
  warmUp: number
  /** Share of the run after which it falls, linearly, to the final rate. */
  decayFrom: number
}

/**
 * Learning rate of a step.
 *
 * @param step counted from 1
 * @param progress share of the run done, 0 to 1
 */
export function learningRateAt(
  { learningRate, finalLearningRate, warmUp, decayFrom }: Schedule,
  step: number,
  progress: number,
): number {
  if (step <= warmUp) return (learningRate * step) / (warmUp + 1)
  if (progress <= decayFrom) return learningRate
  const fallen = Math.min(1, (progress - decayFrom) / (1 - decayFrom))
  return learningRate + (finalLearningRate - learningRate) * fallen
}
