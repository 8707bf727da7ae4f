import * as tf from '@tensorflow/tfjs'
import type { Parameters } from '../training/parameters.ts'
import { createLayerNorm } from './layer-norm.ts'
import { PADDING_LOGIT } from './pool.ts'

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
 * @param x `[batch, length, dim]`, padding in front
 * @param padding `[batch, 1, length]`: 0 where there is something, `PADDING_LOGIT` at the padding
 * @param drop dropout, applied to the sum of input and positions and inside each block
 * @returns `[batch, length, dim]`: what stands at a position knows nothing of later ones; means nothing at the padding
 */
export type CausalTransformer = (
  x: tf.Tensor3D,
  padding: tf.Tensor3D,
  drop: <T extends tf.Tensor>(x: T) => T,
) => tf.Tensor3D

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
  return (x, padding, drop) => {
    const later = tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0))
    const mask = tf.add(tf.mul(tf.expandDims(later, 0), PADDING_LOGIT), padding) as tf.Tensor3D
    let state = drop(tf.add(x, positions) as tf.Tensor3D)
    for (const layer of layers) state = layer(state, mask, drop)
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
  return (x: tf.Tensor3D, mask: tf.Tensor3D, drop: <T extends tf.Tensor>(x: T) => T): tf.Tensor3D => {
    const [batch, length] = x.shape
    const rows = (y: tf.Tensor3D) => tf.reshape(y, [batch * length, dim]) as tf.Tensor2D
    // [batch, heads, length, width]
    const split = (y: tf.Tensor) => tf.transpose(tf.reshape(y, [batch, length, heads, width]), [0, 2, 1, 3])
    const normed = rows(before(x))
    const [q, k, v] = [query, key, value].map((weights) => split(tf.matMul(normed, weights)))
    const logits = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width)), tf.expandDims(mask, 1))
    const attended = tf.transpose(tf.matMul(drop(tf.softmax(logits)), v), [0, 2, 1, 3])
    const mixed = tf.matMul(tf.reshape(attended, [batch * length, dim]) as tf.Tensor2D, output)
    const state = tf.add(x, tf.reshape(drop(mixed), [batch, length, dim])) as tf.Tensor3D
    const inner = drop(tf.relu(tf.add(tf.matMul(rows(middle(state)), w1), b1)) as tf.Tensor2D)
    const outer = tf.add(tf.matMul(inner, w2), b2)
    return tf.add(state, tf.reshape(drop(outer), [batch, length, dim])) as tf.Tensor3D
  }
}
