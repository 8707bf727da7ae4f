import { createResidualQuantizer } from '@sparc/codebook'
import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'
import { stopGradient } from '../encoders/constant.ts'
import { gatherRows } from '../encoders/gather.ts'
import { createHistory, type History, stopHistory } from '../encoders/history.ts'
import { createHistoryReader } from '../encoders/history-reader.ts'
import { normalize } from '../encoders/normalize.ts'
import { attentionWeights } from '../encoders/pool.ts'
import { candidates, recommendationLoss } from '../encoders/scores.ts'
import { createSelfAttention } from '../encoders/self-attention.ts'
import { createCodebookPart } from '../interest-codebook.ts'
import type { HistoryInput, Network } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import type { GemirecOptions } from './gemirec.ts'
import { interestsOfHistory } from './history-interests.ts'
import { type Beams, createInterestGenerator, type Lookup } from './interest-generator.ts'

/**
 * With `n(x) = x / |x|`, `h_t` `[dim]` the items of a history, `g` `[dim]` its attention pool, and an interest's embedding
 * `e = [e^1, .., e^L]` `[levels * dim]`, its codewords side by side:
 *
 * - attention `a = sum_t softmax_t(W_q e . W_h h_t) h_t`, `[dim]`; `W_q` `[levels * dim, dim]`, `W_h` `[dim, dim]`
 * - interest vector `u = n(n(g) + W_v n(a) + W_u e)`, `[dim]`; `W_v` `[dim, dim]`, `W_u` `[levels * dim, dim]`
 *
 * Codewords are constants here and in the generator, items are constants to the quantizer: the dictionary follows the items, and
 * nothing follows the dictionary but through its use.
 */
export function gemirecNetwork(options: GemirecOptions, random: Random): Network {
  const { dim, history: length, hidden, temperature, normalize: normalized, dictionary, weights } = options
  const { levels, size } = dictionary
  const parameters = createParameters(random)
  const read = createHistoryReader(parameters, options)
  const general = createSelfAttention(parameters, 'general', { dim, length, hidden, queries: 1 })
  const wq = parameters.add<tf.Rank.R2>('interest/query', [levels * dim, dim], 'glorot')
  const wh = parameters.add<tf.Rank.R2>('interest/key', [dim, dim], 'identity')
  const wv = parameters.add<tf.Rank.R2>('interest/value', [dim, dim], { normal: 0.02 })
  const wu = parameters.add<tf.Rank.R2>('interest/codewords', [levels * dim, dim], 'zeros')
  const dictionaryRandom = random.fork('dictionary')
  const quantizer = createResidualQuantizer({ levels, size, dim, random: dictionaryRandom })
  const lookup: Lookup = (level, codes) => stopGradient(gatherRows(quantizer.codewords(level) as tf.Tensor2D, codes))
  const sizes = quantizer.sizes.slice()
  const generator = createInterestGenerator(parameters, { dim, length, hidden, sizes }, lookup)
  const { reviveBelow, reviveEvery } = dictionary
  const { begun, ...part } = createCodebookPart(parameters, quantizer, {
    option: 'dictionary.size',
    warmUpSteps: options.warmUpSteps,
    reviveBelow,
    reviveEvery,
  })

  const interests = Math.min(options.interests, size)
  const explored = Math.min(options.explored, size)
  const finish = <T extends tf.Tensor>(x: T): T => (normalized ? normalize(x) : x)

  function encode(input: HistoryInput) {
    const history = read(input)
    return { history, g: tf.squeeze(general(history), [1]) as tf.Tensor2D }
  }

  /** Vectors of interests given by their codes, int32 `[batch, k]` for each level; `[batch, k, dim]`. */
  function interestVectors(history: History, g: tf.Tensor2D, codes: tf.Tensor2D[]): tf.Tensor3D {
    const [batch, k] = codes[0].shape
    const codewords = codes.map((code, level) => lookup(level, tf.reshape(code, [batch * k]) as tf.Tensor1D))
    const e = tf.concat2d(codewords, 1)
    const h = history.padded()
    // W_h goes to the queries, of which there are fewer than items.
    const queries = tf.reshape(tf.matMul(e, tf.matMul(wq, wh, false, true)), [batch, k, dim])
    const attention = attentionWeights(tf.matMul(queries, h, false, true) as tf.Tensor3D, history.places.padding)
    const attended = tf.reshape(tf.matMul(attention, h), [batch * k, dim]) as tf.Tensor2D
    const own = tf.reshape(tf.add(tf.matMul(normalize(attended), wv), tf.matMul(e, wu)), [batch, k, dim])
    return finish(tf.add(tf.expandDims(normalize(g), 1), own) as tf.Tensor3D)
  }

  /** The interests that a user is served with, codes int32 `[batch, k]` for each level; those of the history are all alike. */
  function interestCodes(
    input: HistoryInput,
    start: tf.Tensor2D,
    wanted: number,
  ): Pick<Beams, 'codes'> & Partial<Beams> {
    if (options.source === 'generated') return generator.search(stopGradient(start), wanted)
    const { rows, places } = input
    const carried = tf.cast(quantizer.quantize(finish(stopGradient(rows))).codes, 'float32')
    const codes = tf.unstack(tf.cast(createHistory(places, carried).padded(), 'int32'), 2) as tf.Tensor2D[]
    return { codes: interestsOfHistory(codes, places.padding, wanted) }
  }

  return {
    parameters,
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: options.rank,
    loss(input) {
      const { history, g } = encode(input)
      const items = candidates(input, normalized)
      const ofGeneral = recommendationLoss(finish(g), items, input, options)
      if (!begun()) return { total: ofGeneral, parts: { general: ofGeneral } }
      const quantized = quantizer.quantize(stopGradient(tf.concat2d([items.targets, items.negatives], 0)))
      quantizer.observe(quantized.codes)
      const own = tf.unstack(tf.slice(quantized.codes, [0, 0], [input.size, levels]), 1) as tf.Tensor1D[]
      const start = generator.start(stopHistory(history))
      const ofGeneration = tf.neg(tf.mean(generator.logProbability(start, own))) as tf.Scalar
      const codes =
        options.training === 'target'
          ? own.map((code) => tf.expandDims(code, 1) as tf.Tensor2D)
          : interestCodes(input, start, interests).codes
      const vectors = interestVectors(history, g, codes)
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
    users(input, wanted = explored) {
      const { history, g } = encode(input)
      if (!begun()) return { vectors: tf.expandDims(finish(g), 1) as tf.Tensor3D }
      const start = generator.start(history)
      const { codes, logProbabilities } = interestCodes(input, start, wanted)
      return { vectors: interestVectors(history, g, codes), codes: codes[0], logProbabilities }
    },
    randoms: { dictionary: dictionaryRandom },
    ...part,
  }
}
