import * as tf from '@tensorflow/tfjs'
import type { History } from '../encoders/history.ts'
import { normalize } from '../encoders/normalize.ts'
import { meanPool } from '../encoders/pool.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { Parameters } from '../training/parameters.ts'

/** Codewords of one level by code: `[n]` int32 to `[n, dim]`; constants to the generator. */
export type Lookup = (level: number, codes: tf.Tensor1D) => tf.Tensor2D

/** Interests as sequences of codes, likeliest first. */
export interface Beams {
  /** int32 `[batch, beams]` for each level */
  codes: tf.Tensor2D[]
  /** `[batch, beams]`, log of the joint probability */
  logProbabilities: tf.Tensor2D
}

/** A generative model of a user's next interest, `p(c_1, .., c_L | history) = prod_l p(c_l | c_<l, history)`. */
export interface InterestGenerator {
  /** What the generator makes of a history, `[batch, hidden]`. */
  start(history: History): tf.Tensor2D
  /** `log p` of given codes, int32 `[batch]` for each level; `[batch]`. */
  logProbability(start: tf.Tensor2D, codes: tf.Tensor1D[]): tf.Tensor1D
  /** The likeliest interests that a beam of this width finds. */
  search(start: tf.Tensor2D, beams: number): Beams
}

/**
 * A gated recurrent unit (Cho et al., EMNLP 2014) that reads the codewords of the levels before and writes the next code:
 * `h_0 = tanh(W x + b)`, `x` the attention pool and the mean of the history; `log p(c_l) = log softmax(V_l h_l)`,
 * `h_(l+1) = GRU(h_l, e^l)`.
 */
export function createInterestGenerator(
  parameters: Parameters,
  { dim, length, hidden, sizes }: { dim: number; length: number; hidden: number; sizes: number[] },
  lookup: Lookup,
): InterestGenerator {
  const attend = createSelfAttention(parameters, 'generator/attention', { dim, length, hidden, queries: 1 })
  const w = parameters.add<tf.Rank.R2>('generator/w', [2 * dim, hidden], 'glorot')
  const b = parameters.add<tf.Rank.R1>('generator/b', [hidden], 'zeros')
  const outputs = sizes.map((size, l) => parameters.add<tf.Rank.R2>(`generator/output/${l}`, [hidden, size], 'glorot'))
  const biases = sizes.map((size, l) => parameters.add<tf.Rank.R1>(`generator/bias/${l}`, [size], 'zeros'))
  const gates = parameters.add<tf.Rank.R2>('generator/gates', [dim + hidden, 2 * hidden], 'glorot')
  const gateBias = parameters.add<tf.Rank.R1>('generator/gate-bias', [2 * hidden], 'zeros')
  const proposal = parameters.add<tf.Rank.R2>('generator/proposal', [dim + hidden, hidden], 'glorot')
  const proposalBias = parameters.add<tf.Rank.R1>('generator/proposal-bias', [hidden], 'zeros')

  const logits = (state: tf.Tensor2D, level: number) =>
    tf.logSoftmax(tf.add(tf.matMul(state, outputs[level]), biases[level]) as tf.Tensor2D) as tf.Tensor2D
  /** `z, r = sigmoid(W [e, h] + b)`, `h' = (1 - z) h + z tanh(U [e, r h] + c)` */
  const next = (state: tf.Tensor2D, codewords: tf.Tensor2D): tf.Tensor2D => {
    const both = tf.sigmoid(tf.add(tf.matMul(tf.concat2d([codewords, state], 1), gates), gateBias)) as tf.Tensor2D
    const [update, reset] = tf.split(both, 2, 1)
    const seen = tf.concat2d([codewords, tf.mul(reset, state) as tf.Tensor2D], 1)
    const proposed = tf.tanh(tf.add(tf.matMul(seen, proposal), proposalBias))
    return tf.add(state, tf.mul(update, tf.sub(proposed, state))) as tf.Tensor2D
  }
  return {
    start(history) {
      const pooled = tf.squeeze(attend(history), [1]) as tf.Tensor2D
      const x = tf.concat2d([normalize(pooled), normalize(meanPool(history))], 1)
      return tf.tanh(tf.add(tf.matMul(x, w), b)) as tf.Tensor2D
    },
    logProbability(start, codes) {
      let state = start
      let sum: tf.Tensor = tf.zeros([start.shape[0]])
      for (const [level, code] of codes.entries()) {
        sum = tf.add(sum, tf.sum(tf.mul(logits(state, level), tf.oneHot(code, sizes[level])), 1))
        if (level + 1 < codes.length) state = next(state, lookup(level, code))
      }
      return sum as tf.Tensor1D
    },
    search(start, wanted) {
      const batch = start.shape[0]
      const width = Math.min(wanted, ...sizes)
      const first = tf.topk(logits(start, 0), width)
      let logProbabilities = first.values as tf.Tensor2D
      let codes = [first.indices as tf.Tensor2D]
      // [batch * width, hidden]: every beam has a state of its own.
      let state = tf.reshape(tf.tile(tf.expandDims(start, 1), [1, width, 1]), [batch * width, -1]) as tf.Tensor2D
      const rowOffsets = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(width, 'int32'))
      for (let level = 1; level < sizes.length; level++) {
        const size = sizes[level]
        state = next(state, lookup(level - 1, tf.reshape(codes[level - 1], [batch * width]) as tf.Tensor1D))
        const joint = tf.add(tf.reshape(logits(state, level), [batch, width, size]), tf.expandDims(logProbabilities, 2))
        const best = tf.topk(tf.reshape(joint, [batch, width * size]), width)
        const beam = tf.floorDiv(best.indices, tf.scalar(size, 'int32')) as tf.Tensor2D
        const rows = tf.reshape(tf.add(beam, tf.expandDims(rowOffsets, 1)), [batch * width]) as tf.Tensor1D
        const follow = (x: tf.Tensor2D) => tf.reshape(tf.gather(tf.reshape(x, [batch * width]), rows), [batch, width])
        codes = codes.map((code) => follow(code) as tf.Tensor2D)
        codes.push(tf.sub(best.indices, tf.mul(beam, tf.scalar(size, 'int32'))) as tf.Tensor2D)
        state = tf.gather(state, rows)
        logProbabilities = best.values as tf.Tensor2D
      }
      return { codes, logProbabilities }
    },
  }
}
