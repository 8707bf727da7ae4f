import { linear } from './linear.ts'
import type { SavedNetwork } from './user-encoder.ts'
import { reluAll } from './vectors.ts'

/** `x + W2 relu(W1 x + b1) + b2` in place, for `rows` rows of `x`, see `createResidualMlp`. */
export function residualLayer(
  { options: { dim }, weights }: SavedNetwork,
  name: string,
  most = 1,
): (x: Float64Array, rows: number) => void {
  const b1 = weights(`${name}/b1`)
  const first = linear(weights(`${name}/w1`), b1.length, b1)
  const second = linear(weights(`${name}/w2`), dim, weights(`${name}/b2`))
  const hidden = new Float64Array(most * b1.length)
  const added = new Float64Array(most * dim)
  return (x, rows) => {
    reluAll(first(x, rows, hidden), rows * b1.length)
    second(hidden, rows, added)
    for (let i = 0; i < rows * dim; i++) x[i] += added[i]
  }
}
