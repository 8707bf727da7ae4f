import { causalTransformer } from './transformer.ts'
import { finished, type SavedNetwork, savedOptions, type UserEncoder } from './user-encoder.ts'

/** See `sasrecNetwork`. */
export function sasrecEncoder(saved: SavedNetwork): UserEncoder {
  const { dim, blocks, heads } = savedOptions(saved.options, 'blocks', 'heads')
  const transform = causalTransformer(saved, 'transformer', { blocks, heads, scale: Math.sqrt(dim) })
  return (history) => ({ vectors: finished(transform(history, history.count - 1), 1, saved.options) })
}
