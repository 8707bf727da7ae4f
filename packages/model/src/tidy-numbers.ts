import * as tf from '@tensorflow/tfjs'

/**
 * `tf.tidy` for a function that returns plain numbers. `tf.tidy` itself looks for tensors in every element of what is
 * returned, typed arrays included: four seconds for a million numbers.
 */
export function tidyNumbers<T>(compute: () => T): T {
  const results: T[] = []
  tf.tidy(() => {
    results.push(compute())
  })
  return results[0]
}
