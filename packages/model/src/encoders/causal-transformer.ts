import * as tf from '@tensorflow/tfjs'
import type { Parameters } from '../training/parameters.ts'
import { relu } from './activation.ts'
import { addPositions, createHistory, fromPlaces, PADDING_LOGIT, type Places } from './history.ts'
import { createLayerNorm } from './layer-norm.ts'

/** Sizes of a causal transformer. */
export interface TransformerSizes {
  dim: number
  /** Positions. */
  length: number
  blocks: number
  heads: number
  /** Width of the hidden layer of each block. */
  hidden: number
  /** Standard deviation that positions begin with. */
  positionScale: number
}

/**
 * @param rows `[filled, dim]`, the items of histories
 * @param drop dropout, applied to the sum of input and positions and inside each block
 * @returns `[filled, dim]`: what stands at an item knows nothing of later ones, nor of other histories
 */
export type CausalTransformer = (
  rows: tf.Tensor2D,
  places: Places,
  drop: <T extends tf.Tensor>(x: T) => T,
) => tf.Tensor2D

/**
 * The encoder of SASRec (Kang and McAuley, ICDM 2018, equations 2 to 7), `X` `[length, dim]`, `d` the width of a head:
 *
 * - `X_0 = drop(X + P)`, `P` learned positions
 * - attention `A(Y) = [drop(softmax(Y Wq_h (Y Wk_h)' / sqrt(d) + M)) Y Wv_h]_h Wo`, heads `h` side by side, `M` shutting out later
 *   positions and the padding
 * - network `F(Y) = drop(relu(Y W1 + b1)) W2 + b2`
 * - each block `Z = X + drop(A(norm(X)))`, then `Z + drop(F(norm(Z)))`; a last `norm` after all of them
 */
export function createCausalTransformer(
  parameters: Parameters,
  name: string,
  { dim, length, blocks, heads, hidden, positionScale }: TransformerSizes,
): CausalTransformer {
  const positions = parameters.add<tf.Rank.R2>(`${name}/positions`, [length, dim], {
    normal: positionScale,
  })
  const layers = Array.from({ length: blocks }, (_, b) =>
    createBlock(parameters, `${name}/${b}`, { dim, heads, hidden }),
  )
  const norm = createLayerNorm(parameters, `${name}/norm`, dim)
  return (rows, places, drop) => {
    const later = tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0))
    const mask = tf.add(tf.mul(tf.expandDims(later, 0), PADDING_LOGIT), places.padding) as tf.Tensor3D
    let state = drop(addPositions(rows, positions, places))
    for (const layer of layers) state = layer(state, places, mask, drop)
    return norm(state)
  }
}

function createBlock(
  parameters: Parameters,
  name: string,
  { dim, heads, hidden }: Pick<TransformerSizes, 'dim' | 'heads' | 'hidden'>,
) {
  const before = createLayerNorm(parameters, `${name}/attention-norm`, dim)
  const query = parameters.add<tf.Rank.R2>(`${name}/query`, [dim, dim], 'glorot')
  const key = parameters.add<tf.Rank.R2>(`${name}/key`, [dim, dim], 'glorot')
  const value = parameters.add<tf.Rank.R2>(`${name}/value`, [dim, dim], 'glorot')
  const output = parameters.add<tf.Rank.R2>(`${name}/output`, [dim, dim], 'zeros')
  const middle = createLayerNorm(parameters, `${name}/network-norm`, dim)
  const w1 = parameters.add<tf.Rank.R2>(`${name}/w1`, [dim, hidden], 'glorot')
  const b1 = parameters.add<tf.Rank.R1>(`${name}/b1`, [hidden], 'zeros')
  const w2 = parameters.add<tf.Rank.R2>(`${name}/w2`, [hidden, dim], 'zeros')
  const b2 = parameters.add<tf.Rank.R1>(`${name}/b2`, [dim], 'zeros')
  const width = dim / heads
  return (x: tf.Tensor2D, places: Places, mask: tf.Tensor3D, drop: <T extends tf.Tensor>(x: T) => T): tf.Tensor2D => {
    const { size, length } = places
    // [size, heads, length, width]
    const split = (y: tf.Tensor2D) =>
      tf.transpose(tf.reshape(createHistory(places, y).padded(), [size, length, heads, width]), [0, 2, 1, 3])
    const normed = before(x)
    const [q, k, v] = [query, key, value].map((weights) => split(tf.matMul(normed, weights)))
    const logits = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width)), tf.expandDims(mask, 1))
    const attended = tf.transpose(tf.matMul(drop(tf.softmax(logits)), v), [0, 2, 1, 3])
    const mixed = tf.matMul(fromPlaces(tf.reshape(attended, [size, length, dim]), places), output)
    const state = tf.add(x, drop(mixed)) as tf.Tensor2D
    const inner = drop(relu(tf.add(tf.matMul(middle(state), w1), b1) as tf.Tensor2D))
    return tf.add(state, drop(tf.add(tf.matMul(inner, w2), b2) as tf.Tensor2D))
  }
}
