import { residualLayer } from './residual-layer.ts'
import { finished, type SavedNetwork, type UserEncoder } from './user-encoder.ts'
import { meanRows } from './vectors.ts'

/** See `twoTowerNetwork`. */
export function twoTowerEncoder(saved: SavedNetwork): UserEncoder {
  const { options } = saved
  const layer = residualLayer(saved, 'user')
  const user = new Float64Array(options.dim)
  return ({ rows, count }) => {
    meanRows(rows, count, options.dim, user)
    layer(user, 1)
    return { vectors: finished(user, 1, options) }
  }
}
