import { createResidualQuantizer, type Quantized } from '@sparc/codebook'
import type { Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { pickInterest } from '../comirec/pick-interest.ts'
import { stopGradient } from '../encoders/constant.ts'
import { equalPairs } from '../encoders/equal-pairs.ts'
import { gatherColumns } from '../encoders/gather-columns.ts'
import { type History, stopHistory } from '../encoders/history.ts'
import { createHistoryReader } from '../encoders/history-reader.ts'
import { normalize } from '../encoders/normalize.ts'
import { type Candidates, candidates, recommendationLoss } from '../encoders/scores.ts'
import { createCodebookPart } from '../interest-codebook.ts'
import { contrastive } from '../losses/contrastive.ts'
import { mixtureSoftmax } from '../losses/mixture-softmax.ts'
import { shuffleBpr } from '../losses/pairwise.ts'
import type { HistoryInput, Network, TrainingInput, UserVectors } from '../network.ts'
import { createParameters } from '../training/parameters.ts'
import { createInterestCodes } from './interest-codes.ts'
import { createInterestProbability } from './interest-probability.ts'
import type { SparcOptions } from './sparc.ts'
import { createUserTower } from './user-tower.ts'

/**
 * SPARC's network: items quantized into codes, a user tower that codewords query, a tower for the probability of each code.
 *
 * With `u_c` `[dim]` the vector of interest `c` and `g` `[dim]` the general one (`createUserTower`), `p` `[codes]` the probabilities
 * (`createInterestProbability`), `v` `[dim]` the target with its level-1 code `c(v)` and its quantized `zq(v) = e^1 + .. + e^L` `[dim]`,
 * `n(x) = x / |x|`, `tau` the temperature, and `S` the sampled softmax over the batch's negatives, the loss is the sum, each with its weight, of
 *
 * - `recommendation` `S(u* . n(v) / tau)`, `u*` of the likeliest interests' vectors the one nearest to the target (`train`: below)
 * - `general` `S(n(g) . n(v) / tau)`
 * - `interest` `-log p_c(v)`, averaged over the batch
 * - `quantizer` reconstruction, codebook and commitment of the quantizer, see `createResidualQuantizer`
 * - `shuffle` `softplus((u*_{b-1} - u*_b) . n(v_b) / tau)`; `userItem` InfoNCE of `u*` and `n(zq(v))`; `itemItem` InfoNCE of `n(v)` and `n(zq(v))`
 *
 * `train: 'mixture'` learns from `log sum_c exp(u_c . n(v) / tau + sg log p_c)` over the likeliest codes, `'nearest'` from the one
 * of their vectors that is nearest to the target, `'target'` from the vector of the target's own code. The codewords are queries
 * each time, so the recommendation loss reaches them.
 */
export function sparcNetwork(options: SparcOptions, random: Random): Network {
  const { dim, history: length, hidden, temperature, normalize: normalized, codebook, weights } = options
  const parameters = createParameters(random)
  const read = createHistoryReader(parameters, options)
  const tower = createUserTower(parameters, options)
  const { levels, size, gradient, commitment, capacity } = codebook
  const { interestLevels = 1, codeHistogram } = options
  const probability = createInterestProbability(parameters, {
    dim,
    length,
    hidden,
    codes: size ** interestLevels,
    histogram: codeHistogram ? size : 0,
  })
  // The codebook's random numbers are forked from what the towers leave: they come first, that a seed stays the run that it was.
  const balance = capacity === null || size === 1 ? undefined : { by: 'capacity' as const, capacity }
  const codebookRandom = random.fork('codebook')
  const quantizer = createResidualQuantizer({
    levels,
    size,
    dim,
    gradient,
    commitment,
    balance,
    random: codebookRandom,
  })
  const { begun, ...kept } = createCodebookPart(parameters, quantizer, {
    ...codebook,
    option: 'codebook.size',
    warmUpSteps: options.warmUpSteps,
    rebalance: balance !== undefined,
    frozen: !codebook.joint,
  })

  const codes = createInterestCodes(quantizer, interestLevels)
  const interests = Math.min(options.interests, codes.count)
  const explored = Math.min(options.explored, codes.count)
  const finish = <T extends tf.Tensor>(x: T): T => (normalized ? normalize(x) : x)

  function encode(input: HistoryInput) {
    const history = read(input)
    return { history, g: tower.general(history) }
  }

  /** Codes of the items of histories, int32 `[filled, levels]`. */
  function codesOfHistory({ rows }: HistoryInput): tf.Tensor2D {
    return quantizer.quantize(finish(stopGradient(rows))).codes
  }

  /** How many items of each history have each of `depth` codes, int32 `[filled]` to `[batch, depth]`. */
  function countsOf(numbers: tf.Tensor1D, depth: number, { places }: HistoryInput): tf.Tensor2D {
    const marks = tf.cast(tf.oneHot(numbers, depth), 'float32')
    return tf.mul(tf.unsortedSegmentSum(marks, places.owners, places.size), tf.minimum(places.lengths, 1))
  }

  /** `log p(c | user)` over all interests, `[batch, count]`. `history` may have gone through dropout. */
  function probabilities(history: History, input: HistoryInput, ofHistory?: tf.Tensor2D): tf.Tensor2D {
    if (!codeHistogram) return probability(history)
    const found = ofHistory ?? codesOfHistory(input)
    const counts = countsOf(tf.reshape(tf.slice(found, [0, 0], [-1, 1]), [-1]), size, input)
    return probability(history, tf.div(counts, tf.maximum(input.places.lengths, 1)) as tf.Tensor2D)
  }

  /**
   * `log p(c | user)` over all interests, `[batch, count]`; in hard search over those of the history, which `allowed`, of the same shape, has
   * as 1.
   */
  function searched(history: History, input: HistoryInput): { logP: tf.Tensor2D; allowed?: tf.Tensor2D } {
    if (options.search === 'soft' || size === 1) return { logP: probabilities(history, input) }
    const ofHistory = codesOfHistory(input)
    const logP = probabilities(history, input, ofHistory)
    const had = tf.minimum(countsOf(codes.of(ofHistory), codes.count, input), 1)
    // Who has no history may have any interest.
    const allowed = tf.maximum(had, tf.cast(tf.equal(input.places.lengths, 0), 'float32')) as tf.Tensor2D
    return { logP: tf.logSoftmax(tf.add(logP, tf.mul(tf.sub(1, allowed), -1e9))) as tf.Tensor2D, allowed }
  }

  /**
   * `found`, int32 `[batch, k]`, with the first, the likeliest, in the place of those that are not `allowed`, `[batch, count]`: an interest
   * that a user does not have becomes a copy of one that it has, so that the maximum over interests is that over its own.
   */
  function likeliestInstead(found: tf.Tensor2D, allowed: tf.Tensor2D): tf.Tensor2D {
    const own = tf.greater(gatherColumns(allowed, found), 0)
    return tf.where(own, found, tf.tile(tf.slice(found, [0, 0], [-1, 1]), [1, found.shape[1]]))
  }

  /** `log p^(1/t)`, normalised. */
  const served = (logP: tf.Tensor2D): tf.Tensor2D =>
    options.probabilityTemperature === 1
      ? logP
      : (tf.logSoftmax(tf.div(logP, options.probabilityTemperature)) as tf.Tensor2D)

  /** One vector per example, asked for with the target's own code: with `e^1`, with `zq`, or with `zq` in every other row. */
  function targetVectors(history: History, g: tf.Tensor2D, input: TrainingInput, quantized: Quantized): tf.Tensor2D {
    const { size: batch } = input
    const ofTargets = quantized.quantized.map((level) => tf.slice(level, [0, 0], [batch, dim]))
    const whole = { e1: () => 0, zq: () => 1, half: (b: number) => b % 2 }[options.query]
    const share = Float32Array.from({ length: batch }, (_, b) => whole(b))
    const rest = ofTargets.slice(1).map((level) => tf.mul(level, tf.tensor2d(share, [batch, 1])))
    const queries = { shape: [batch, 1] as [number, number], words: tf.addN([ofTargets[0], ...rest]) as tf.Tensor2D }
    return finish(tf.squeeze(tower.interests(history, g, queries), [1]) as tf.Tensor2D)
  }

  /** The loss of the user vectors, and one of those vectors per example for the losses that compare users. */
  function ofUsers(
    history: History,
    g: tf.Tensor2D,
    input: TrainingInput,
    items: Candidates,
    logP: tf.Tensor2D,
    quantized: Quantized,
  ): { loss: tf.Scalar; users: tf.Tensor2D } {
    if (options.train === 'target') {
      const users = targetVectors(history, g, input, quantized)
      return { loss: recommendationLoss(users, items, input, options), users }
    }
    const chosen = stopGradient(tf.topk(logP, interests).indices as tf.Tensor2D)
    const vectors = finish(tower.interests(history, g, codes.queries(chosen)))
    if (options.train === 'nearest') {
      const rival = options.generalCompetes ? stopGradient(tf.expandDims(finish(g), 1) as tf.Tensor3D) : undefined
      const users = pickInterest(rival ? tf.concat([vectors, rival], 1) : vectors, items.targets)
      return { loss: recommendationLoss(users, items, input, options), users }
    }
    const mixing = options.mixing === 'trained' ? logP : stopGradient(logP)
    const loss = mixtureSoftmax(vectors, gatherColumns(mixing, chosen), items, input.hits, temperature, {
      bound: normalized ? 1 / temperature : undefined,
      logQ: input.logQ,
    })
    return { loss, users: tf.squeeze(tf.slice(vectors, [0, 0, 0], [-1, 1, -1]), [1]) }
  }

  /** The general vector as an interest, with the nearest code, in front of those found: it has its share, they have the rest. */
  function besideGeneral(g: tf.Tensor2D, found?: Required<UserVectors>): UserVectors {
    const general = finish(g)
    const vectors = tf.expandDims(general, 1) as tf.Tensor3D
    const nearest = tf.slice(quantizer.quantize(general).codes, [0, 0], [-1, 1]) as tf.Tensor2D
    if (!found) return { vectors, codes: nearest, logProbabilities: tf.zerosLike(tf.cast(nearest, 'float32')) }
    const share = options.generalShare
    const rest = tf.add(tf.logSoftmax(found.logProbabilities), Math.log(1 - share))
    return {
      vectors: tf.concat([vectors, found.vectors], 1),
      codes: tf.concat([nearest, found.codes], 1),
      logProbabilities: tf.concat([tf.fill([general.shape[0], 1], Math.log(share)), rest], 1) as tf.Tensor2D,
    }
  }

  return {
    parameters,
    randoms: { codebook: codebookRandom },
    score: { metric: normalized ? 'cosine' : 'dot', scale: 1 / temperature },
    merge: options.rank,
    loss(input) {
      const { history, g } = encode(input)
      const items = candidates(input, normalized)
      const general = recommendationLoss(finish(g), items, input, options)
      if (!begun()) return { total: general, parts: { general } }
      const { targets, negatives } = items
      const quantized = quantizer.quantize(tf.concat2d([targets, negatives], 0))
      quantizer.observe(quantized.codes)
      const ofTargets = codes.of(tf.slice(quantized.codes, [0, 0], [input.size, levels]))
      const logP = probabilities(stopHistory(history), input)
      const label = size === 1 ? tf.ones([input.size, 1]) : tf.oneHot(ofTargets, codes.count)
      const interest = tf.neg(tf.mean(tf.sum(tf.mul(label, logP), 1))) as tf.Scalar
      const { loss: recommendation, users } = ofUsers(history, g, input, items, logP, quantized)
      const parts: Record<string, tf.Scalar> = { recommendation, general, interest, quantizer: quantized.losses.total }
      if (weights.shuffle > 0) parts.shuffle = shuffleBpr(users, targets, temperature)
      if (weights.userItem > 0 || weights.itemItem > 0) {
        const same = equalPairs(input.batch.targets)
        const zq = finish(tf.slice(quantized.sum, [0, 0], [input.size, dim]))
        if (weights.userItem > 0) parts.userItem = contrastive(users, zq, temperature, same)
        if (weights.itemItem > 0) parts.itemItem = contrastive(targets, zq, temperature, same)
      }
      const weighted = Object.entries(parts).map(([name, part]) => tf.mul(part, weights[name as keyof typeof weights]))
      return { total: tf.addN(weighted) as tf.Scalar, parts }
    },
    items: finish,
    generalFirst: () => !begun() || options.generalShare > 0,
    users(input, wanted) {
      const { history, g } = encode(input)
      if (!begun()) return { vectors: tf.expandDims(finish(g), 1) as tf.Tensor3D }
      const share = options.generalShare
      const count = wanted === undefined ? explored : Math.min(wanted - (share > 0 ? 1 : 0), codes.count)
      if (count === 0) return besideGeneral(g)
      const { logP, allowed } = searched(history, input)
      const { values, indices } = tf.topk(served(logP), count)
      const chosen = allowed ? likeliestInstead(indices as tf.Tensor2D, allowed) : (indices as tf.Tensor2D)
      const vectors = finish(tower.interests(history, g, codes.queries(chosen)))
      const found = { vectors, logProbabilities: values as tf.Tensor2D, codes: codes.first(chosen) }
      return share > 0 ? besideGeneral(g, found) : found
    },
    ...kept,
  }
}
