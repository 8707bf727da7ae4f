import type { SavedNetwork } from './user-encoder.ts'
import { reluAll } from './vectors.ts'

/** `x + W2 relu(W1 x + b1) + b2` in place, for `rows` rows of `x` (`most` at most), see `createResidualMlp`. */
export function residualLayer(
  { options: { dim }, weights, linear }: SavedNetwork,
  name: string,
  most = 1,
): (x: Float64Array, rows: number) => void {
  const width = weights(`${name}/b1`).length
  const first = linear(`${name}/w1`, width, { bias: `${name}/b1`, rows: most })
  const second = linear(`${name}/w2`, dim, { bias: `${name}/b2`, rows: most })
  const hidden = new Float64Array(most * width)
  const added = new Float64Array(most * dim)
  return (x, rows) => {
    reluAll(first(x, rows, hidden), rows * width)
    second(hidden, rows, added)
    for (let i = 0; i < rows * dim; i++) x[i] += added[i]
  }
}
