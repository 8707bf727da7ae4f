import { createResidualQuantizer } from '@sparc/codebook'
import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { stopGradient } from '../encoders/constant.ts'
import { gatherRows } from '../encoders/gather.ts'
import { gatherColumns } from '../encoders/gather-columns.ts'
import { normalize } from '../encoders/normalize.ts'
import { attentionWeights, meanPool } from '../encoders/pool.ts'
import { createResidualMlp } from '../encoders/residual-mlp.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import { mixtureSoftmax } from '../losses/mixture-softmax.ts'
import type { BetweenSteps, HistoryInput, Network } from '../network.ts'
import { createParameters, type Parameters } from '../training/parameters.ts'
import { createInterestProbability } from './interest-probability.ts'
import type { SparcOptions } from './sparc.ts'

const CODEWORDS = 'codewords/'

/**
 * The residual mixture. With `n(x) = x / |x|`, `e_c` the codeword of interest `c`, `h_l` and `P_l` the history and its positions:
 *
 * - general vector `g = sum_l softmax(w2 tanh(W1 (h_l + P_l))) h_l`
 * - interest attention `a_c = sum_l softmax(s (W_q e_c) . W_h (h_l + P_l) + b_l) h_l`
 * - interest vector `u_c = n(n(g) + gamma * (W_v n(a_c) + W_u e_c))`
 * - score `log sum_c exp(u_c . n(v) / tau + sg log p_c)` over the likeliest interests
 *
 * The codewords are queries, so the recommendation loss reaches them.
 */
export function sparcNetwork(options: SparcOptions, random: Random): Network {
  const { dim, history: length, hidden, temperature, normalize: normalized, dropout, codebook, weights } = options
  const parameters = createParameters(random)
  const positions = parameters.add<tf.Rank.R2>('positions', [length, dim], { normal: 0.02 })
  const general = createGeneral(parameters, options, positions)
  const wq = parameters.add<tf.Rank.R2>('interest/query', [dim, dim], 'identity')
  const wh = parameters.add<tf.Rank.R2>('interest/key', [dim, dim], 'identity')
  const bias = parameters.add<tf.Rank.R1>('interest/bias', [length], 'zeros')
  const wv = parameters.add<tf.Rank.R2>('interest/value', [dim, dim], 'identity')
  const wu = parameters.add<tf.Rank.R2>('interest/codeword', [dim, dim], 'zeros')
  const gamma = parameters.add<tf.Rank.R1>('interest/gamma', [dim], 'ones')
  parameters.restore({ 'interest/gamma': new Float32Array(dim).fill(options.gamma) })
  const probability = createInterestProbability(parameters, { dim, length, hidden, codes: codebook.size })
  const { levels, size, commitment, capacity } = codebook
  const balance = capacity === null || size === 1 ? undefined : { by: 'capacity' as const, capacity }
  const codebookRandom = random.fork('codebook')
  const quantizer = createResidualQuantizer({ levels, size, dim, commitment, balance, random: codebookRandom })
  for (let l = 0; l < levels; l++) parameters.adopt(CODEWORDS + l, quantizer.codewords(l))

  const interests = Math.min(options.interests, size)
  let joint = false
  const finish = <T extends tf.Tensor>(x: T): T => (normalized ? normalize(x) : x)

  /** Vectors of the given interests, `[size, interests, dim]`; `codes` int32 `[size, interests]`. */
  function interestVectors(h: tf.Tensor3D, padding: tf.Tensor3D, g: tf.Tensor2D, codes: tf.Tensor2D): tf.Tensor3D {
    const [batch, k] = codes.shape
    const e = gatherRows(quantizer.codewords(0), tf.reshape(codes, [batch * k]) as tf.Tensor1D)
    const flat = tf.reshape(tf.add(h, positions), [batch * length, dim]) as tf.Tensor2D
    const keys = tf.reshape(tf.matMul(flat, wh), [batch, length, dim]) as tf.Tensor3D
    const queries = tf.reshape(tf.matMul(tf.mul(e, options.sharpness), wq), [batch, k, dim]) as tf.Tensor3D
    const logits = tf.add(tf.matMul(queries, keys, false, true), bias) as tf.Tensor3D
    const attended = tf.reshape(tf.matMul(attentionWeights(logits, padding), h), [batch * k, dim]) as tf.Tensor2D
    const own = tf.add(tf.matMul(normalize(attended), wv), tf.matMul(e, wu))
    const added = tf.reshape(tf.mul(own, gamma), [batch, k, dim])
    return finish(tf.add(tf.expandDims(normalize(g), 1), added) as tf.Tensor3D)
  }

  function encode(input: HistoryInput) {
    const history = input.dropout(gatherRows(input.rows, input.history), dropout)
    return { history, g: general(history, input) }
  }

  function begin({ step, steps, items, phase }: BetweenSteps): void {
    if (joint || step < Math.min(options.warmUpSteps, Math.floor(steps / 2))) return
    quantizer.initialize(items())
    for (let l = 0; l < levels; l++) parameters.pull(CODEWORDS + l)
    joint = true
    phase('joint')
  }

  return {
    parameters,
    randoms: { codebook: codebookRandom },
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'mixture',
    loss(input) {
      const { history, g } = encode(input)
      const items = candidates(input, normalized)
      const ofGeneral = recommendationLoss(finish(g), items, input, options)
      if (!joint) return { total: ofGeneral, parts: { general: ofGeneral } }
      const { targets, negatives } = items
      const quantized = quantizer.quantize(tf.concat2d([targets, negatives], 0))
      quantizer.observe(quantized.codes)
      const targetCodes = tf.reshape(tf.slice(quantized.codes, [0, 0], [input.size, 1]), [input.size]) as tf.Tensor1D
      const logP = probability(stopGradient(history), input.padding, input.lengths)
      const label = size === 1 ? tf.ones([input.size, 1]) : tf.oneHot(targetCodes, size)
      const ofInterest = tf.neg(tf.mean(tf.sum(tf.mul(label, logP), 1))) as tf.Scalar
      const chosen = stopGradient(tf.topk(stopGradient(logP), interests).indices as tf.Tensor2D)
      const constantLogP = gatherColumns(stopGradient(logP), chosen)
      const vectors = interestVectors(history, input.padding, g, chosen)
      const ofMixture = mixtureSoftmax(vectors, constantLogP, items, input.hits, temperature, {
        bound: normalized ? 1 / temperature : undefined,
        logQ: input.logQ,
      })
      const parts = {
        mixture: ofMixture,
        general: ofGeneral,
        quantizer: quantized.losses.total,
        interest: ofInterest,
      }
      const weighted = Object.entries(parts).map(([name, part]) => tf.mul(part, weights[name as keyof typeof parts]))
      return { total: tf.addN(weighted) as tf.Scalar, parts }
    },
    items: finish,
    users(input, wanted = interests) {
      const { history, g } = encode(input)
      if (!joint) return { vectors: tf.expandDims(finish(g), 1) as tf.Tensor3D }
      const logP = probability(history, input.padding, input.lengths)
      const { values, indices } = tf.topk(logP, Math.min(wanted, size))
      const codes = indices as tf.Tensor2D
      return {
        vectors: interestVectors(history, input.padding, g, codes),
        logProbabilities: values as tf.Tensor2D,
        codes,
      }
    },
    codes: { levels, of: (vectors) => quantizer.encode(vectors).data },
    codewords: () =>
      Array.from({ length: levels }, (_, l) => {
        return { data: Float32Array.from(quantizer.codewords(l).dataSync()), rows: size, dim }
      }),
    between(state) {
      begin(state)
      if (!joint || size === 1 || state.step === 0 || state.step % codebook.reviveEvery !== 0) return
      const vectors = state.items()
      const revived = quantizer.reviveDead(vectors, { below: codebook.reviveBelow })
      for (const [l, codes] of revived.entries()) if (codes.length > 0) parameters.pull(CODEWORDS + l, codes)
      if (balance) quantizer.rebalance(vectors)
      const { levels: health, collisions } = quantizer.health(quantizer.encode(vectors))
      const shown = health.map(({ usage, perplexity, largest }) => ({ usage, perplexity, largest }))
      state.codebook(
        shown,
        collisions,
        revived.reduce((sum, codes) => sum + codes.length, 0),
      )
    },
    settled: () => joint,
    state: () => ({ joint: Float32Array.of(joint ? 1 : 0), ...quantizer.state() }),
    restore({ joint: phase, ...arrays }) {
      joint = phase[0] === 1
      quantizer.restore(arrays)
    },
    dispose() {
      parameters.dispose()
      quantizer.dispose()
    },
  }
}

/** The encoder of the general vector, `[batch, history, dim]` to `[batch, dim]`. */
function createGeneral(parameters: Parameters, options: SparcOptions, positions: tf.Variable<tf.Rank.R2>) {
  const { dim, history: length, hidden } = options
  if (options.general === 'mean') {
    const tower = createResidualMlp(parameters, 'general', { dim, hidden })
    return (history: tf.Tensor3D, input: HistoryInput) => tower(meanPool(history, input.lengths))
  }
  const attend = createSelfAttention(parameters, 'general', { dim, length, hidden, queries: 1, positions })
  return (history: tf.Tensor3D, input: HistoryInput) => tf.squeeze(attend(history, input.padding), [1]) as tf.Tensor2D
}
