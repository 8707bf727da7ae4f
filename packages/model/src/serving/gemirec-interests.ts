import { attentionPool } from './attention-pool.ts'
import type { PlainHistory, SavedNetwork } from './user-encoder.ts'
import { largest, logSoftmaxAt, meanRows, normalizeAt, tanhAll } from './vectors.ts'

/** The interests of a user, each one code per level, best first, and how likely they are, where that is known. */
export type FindInterests = (
  history: PlainHistory,
  wanted: number,
) => { codes: number[][]; logProbabilities?: number[] }

interface Beam {
  codes: number[]
  state: Float64Array
  logProbability: number
}

/** The generator of interests and its beam search, see `createInterestGenerator`. */
export function searchBeams(saved: SavedNetwork, levels: number): FindInterests {
  const { options, weights, linear } = saved
  const { dim } = options
  const pool = attentionPool(saved, 'generator/attention')
  const hidden = weights('generator/b').length
  const begin = linear('generator/w', hidden, { bias: 'generator/b' })
  const outputs = Array.from({ length: levels }, (_, l) => {
    const bias = `generator/bias/${l}`
    return linear(`generator/output/${l}`, weights(bias).length, { bias })
  })
  const codewords = outputs.slice(1).map((_, l) => weights(`codewords/${l}`))
  const narrowest = Math.min(...outputs.map((output) => output.outputs))
  const x = new Float64Array(2 * dim)
  const next = recurrence(saved, hidden)
  const logits = outputs.map((output) => new Float64Array(output.outputs))
  return (history, wanted) => {
    const width = Math.min(wanted, narrowest)
    x.set(pool(history))
    normalizeAt(x, 0, dim)
    meanRows(history.rows, history.count, dim, x, dim)
    normalizeAt(x, dim, dim)
    const state = begin(x, 1, new Float64Array(hidden))
    tanhAll(state, hidden)
    let beams: Beam[] = [{ codes: [], state, logProbability: 0 }]
    for (let l = 0; l < levels; l++) {
      const size = outputs[l].outputs
      const joint = new Float64Array(beams.length * size)
      for (const [n, beam] of beams.entries()) {
        if (l > 0) beam.state = next(beam.state, codewords[l - 1], beam.codes[l - 1])
        logSoftmaxAt(outputs[l](beam.state, 1, logits[l]), 0, size)
        for (let c = 0; c < size; c++) joint[n * size + c] = beam.logProbability + logits[l][c]
      }
      beams = largest(joint, joint.length, width).map((at) => {
        const { codes, state } = beams[Math.floor(at / size)]
        return { codes: [...codes, at % size], state, logProbability: joint[at] }
      })
    }
    return {
      codes: beams.map(({ codes }) => codes),
      logProbabilities: beams.map(({ logProbability }) => logProbability),
    }
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** `h' = (1 - z) h + z tanh(U [e, r h] + c)`, `z, r = sigmoid(W [e, h] + b)`; a new state each time. */
function recurrence({ options: { dim }, linear }: SavedNetwork, hidden: number) {
  const gates = linear('generator/gates', 2 * hidden, { bias: 'generator/gate-bias' })
  const proposal = linear('generator/proposal', hidden, { bias: 'generator/proposal-bias' })
  const seen = new Float64Array(dim + hidden)
  const opened = new Float64Array(2 * hidden)
  const proposed = new Float64Array(hidden)
  return (state: Float64Array, codewords: Float32Array, code: number): Float64Array => {
    seen.set(codewords.subarray(code * dim, (code + 1) * dim))
    seen.set(state, dim)
    gates(seen, 1, opened)
    for (let i = 0; i < hidden; i++) seen[dim + i] = sigmoid(opened[hidden + i]) * state[i]
    proposal(seen, 1, proposed)
    const next = new Float64Array(hidden)
    for (let i = 0; i < hidden; i++) next[i] = state[i] + sigmoid(opened[i]) * (Math.tanh(proposed[i]) - state[i])
    return next
  }
}

/** Interests taken from the history, see `interestsOfHistory`: what most of its items carry, the latest first among equals. */
export function historyInterests(length: number, levels: number): FindInterests {
  return ({ codes, count }, wanted) => {
    const found = new Map<string, { codes: number[]; count: number; last: number }>()
    for (let t = 0; t < count; t++) {
      const own = Array.from(codes.subarray(t * levels, (t + 1) * levels))
      const before = found.get(own.join())?.count ?? 0
      found.set(own.join(), { codes: own, count: before + 1, last: t })
    }
    const ranked = [...found.values()].sort((a, b) => b.count - a.count || b.last - a.last).map(({ codes }) => codes)
    return { codes: Array.from({ length: Math.min(wanted, length) }, (_, k) => ranked[k] ?? ranked[0]) }
  }
}
