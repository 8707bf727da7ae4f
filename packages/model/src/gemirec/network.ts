import { createResidualQuantizer } from '@sparc/codebook'
import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'
import { stopGradient } from '../encoders/constant.ts'
import { gatherRows } from '../encoders/gather.ts'
import { normalize } from '../encoders/normalize.ts'
import { attentionWeights } from '../encoders/pool.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import type { BetweenSteps, HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { GemirecOptions } from './gemirec.ts'
import { createInterestGenerator, type Lookup } from './interest-generator.ts'

const CODEWORDS = 'codewords/'

/**
 * With `n(x) = x / |x|`, `g` the attention-pooled history, and an interest's embedding `e = [e^1, .., e^L]`, its codewords side by side:
 *
 * - attention `a = sum_t softmax(W_q e . W_h h_t) h_t`
 * - interest vector `u = n(n(g) + W_v n(a) + W_u e)`
 *
 * Codewords are constants here and in the generator, items are constants to the quantizer: the dictionary follows the items, and
 * nothing follows the dictionary but through its use.
 */
export function gemirecNetwork(options: GemirecOptions, random: Random): Network {
  const { dim, history: length, hidden, temperature, normalize: normalized, dropout, dictionary, weights } = options
  const { levels, size } = dictionary
  const parameters = createParameters(random)
  const general = createSelfAttention(parameters, 'general', { dim, length, hidden, queries: 1 })
  const wq = parameters.add<tf.Rank.R2>('interest/query', [levels * dim, dim], 'glorot')
  const wh = parameters.add<tf.Rank.R2>('interest/key', [dim, dim], 'identity')
  const wv = parameters.add<tf.Rank.R2>('interest/value', [dim, dim], { normal: 0.02 })
  const wu = parameters.add<tf.Rank.R2>('interest/codewords', [levels * dim, dim], 'zeros')
  const quantizer = createResidualQuantizer({ levels, size, dim, random: random.fork('dictionary') })
  const lookup: Lookup = (level, codes) => stopGradient(gatherRows(quantizer.codewords(level) as tf.Tensor2D, codes))
  const sizes = quantizer.sizes.slice()
  const generator = createInterestGenerator(parameters, { dim, length, hidden, sizes }, lookup)
  for (let l = 0; l < levels; l++) parameters.adopt(CODEWORDS + l, quantizer.codewords(l))

  const interests = Math.min(options.interests, size)
  let joint = false
  const finish = <T extends tf.Tensor>(x: T): T => (normalized ? normalize(x) : x)

  function encode(input: HistoryInput) {
    const history = input.dropout(input.history, dropout)
    return { history, g: tf.squeeze(general(history, input.padding), [1]) as tf.Tensor2D }
  }

  /** Vectors of interests given by their codes, int32 `[batch, k]` for each level; `[batch, k, dim]`. */
  function interestVectors(h: tf.Tensor3D, padding: tf.Tensor3D, g: tf.Tensor2D, codes: tf.Tensor2D[]): tf.Tensor3D {
    const [batch, k] = codes[0].shape
    const codewords = codes.map((code, level) => lookup(level, tf.reshape(code, [batch * k]) as tf.Tensor1D))
    const e = tf.concat2d(codewords, 1)
    const flat = tf.reshape(h, [batch * length, dim]) as tf.Tensor2D
    const keys = tf.reshape(tf.matMul(flat, wh), [batch, length, dim]) as tf.Tensor3D
    const queries = tf.reshape(tf.matMul(e, wq), [batch, k, dim]) as tf.Tensor3D
    const attention = attentionWeights(tf.matMul(queries, keys, false, true) as tf.Tensor3D, padding)
    const attended = tf.reshape(tf.matMul(attention, h), [batch * k, dim]) as tf.Tensor2D
    const own = tf.reshape(tf.add(tf.matMul(normalize(attended), wv), tf.matMul(e, wu)), [batch, k, dim])
    return finish(tf.add(tf.expandDims(normalize(g), 1), own) as tf.Tensor3D)
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
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: 'max',
    loss(input) {
      const { history, g } = encode(input)
      const items = candidates(input, normalized)
      const ofGeneral = recommendationLoss(finish(g), items, input, options)
      if (!joint) return { total: ofGeneral, parts: { general: ofGeneral } }
      const quantized = quantizer.quantize(stopGradient(tf.concat2d([items.targets, items.negatives], 0)))
      quantizer.observe(quantized.codes)
      const own = tf.unstack(tf.slice(quantized.codes, [0, 0], [input.size, levels]), 1) as tf.Tensor1D[]
      const start = generator.start(stopGradient(history), input.padding, input.lengths)
      const ofGeneration = tf.neg(tf.mean(generator.logProbability(start, own))) as tf.Scalar
      const codes =
        options.training === 'target'
          ? own.map((code) => tf.expandDims(code, 1) as tf.Tensor2D)
          : generator.search(stopGradient(start), interests).codes
      const vectors = interestVectors(history, input.padding, g, codes)
      const ofRetrieval = recommendationLoss(pickInterest(vectors, items.targets), items, input, options)
      const parts = {
        retrieval: ofRetrieval,
        general: ofGeneral,
        quantizer: quantized.losses.total,
        generation: ofGeneration,
      }
      const weighted = Object.entries(parts).map(([name, part]) => tf.mul(part, weights[name as keyof typeof parts]))
      return { total: tf.addN(weighted) as tf.Scalar, parts }
    },
    items: finish,
    users(input, wanted = interests) {
      const { history, g } = encode(input)
      if (!joint) return { vectors: tf.expandDims(finish(g), 1) as tf.Tensor3D }
      const start = generator.start(history, input.padding, input.lengths)
      // Probabilities choose the interests and end there: all that were chosen count alike.
      const { codes } = generator.search(start, wanted)
      return { vectors: interestVectors(history, input.padding, g, codes), codes: codes[0] }
    },
    codes: { levels, of: (vectors) => quantizer.encode(vectors).data },
    codewords: () =>
      Array.from({ length: levels }, (_, l) => {
        return { data: Float32Array.from(quantizer.codewords(l).dataSync()), rows: size, dim }
      }),
    between(state) {
      begin(state)
      if (!joint || state.step % dictionary.reviveEvery !== 0) return
      const vectors = state.items()
      const revived = quantizer.reviveDead(vectors, { below: dictionary.reviveBelow })
      for (const [l, codes] of revived.entries()) if (codes.length > 0) parameters.pull(CODEWORDS + l, codes)
      const { levels: health, collisions } = quantizer.health(quantizer.encode(vectors))
      const shown = health.map(({ usage, perplexity, largest }) => ({ usage, perplexity, largest }))
      const count = revived.reduce((sum, codes) => sum + codes.length, 0)
      state.codebook(shown, collisions, count)
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
