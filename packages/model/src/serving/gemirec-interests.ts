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
  logProbability: number
}

/** The generator of interests and its beam search, see `createInterestGenerator`: all beams of a level go through a layer together. */
export function searchBeams(saved: SavedNetwork, levels: number): FindInterests {
  const { options, weights, linear } = saved
  const { dim } = options
  const sizes = Array.from({ length: levels }, (_, l) => weights(`generator/bias/${l}`).length)
  const most = Math.min(...sizes)
  const pool = attentionPool(saved, 'generator/attention')
  const hidden = weights('generator/b').length
  const begin = linear('generator/w', hidden, { bias: 'generator/b' })
  const outputs = sizes.map((size, l) =>
    linear(`generator/output/${l}`, size, { bias: `generator/bias/${l}`, rows: most }),
  )
  const codewords = sizes.slice(1).map((_, l) => weights(`codewords/${l}`))
  const x = new Float64Array(2 * dim)
  const next = recurrence(saved, hidden, most)
  const states = new Float64Array(most * hidden)
  const parents = new Float64Array(most * hidden)
  const logits = sizes.map((size) => new Float64Array(most * size))
  return (history, wanted) => {
    const width = Math.min(wanted, most)
    x.set(pool(history))
    normalizeAt(x, 0, dim)
    meanRows(history.rows, history.count, dim, x, dim)
    normalizeAt(x, dim, dim)
    tanhAll(begin(x, 1, states), hidden)
    let beams: Beam[] = [{ codes: [], logProbability: 0 }]
    for (const [l, size] of sizes.entries()) {
      const count = beams.length
      if (l > 0) next(states, codewords[l - 1], beams)
      const joint = outputs[l](states, count, logits[l])
      for (const [n, { logProbability }] of beams.entries()) {
        logSoftmaxAt(joint, n * size, size)
        for (let c = n * size; c < (n + 1) * size; c++) joint[c] += logProbability
      }
      parents.set(states)
      beams = largest(joint, count * size, width).map((at, n) => {
        const parent = Math.floor(at / size)
        states.set(parents.subarray(parent * hidden, (parent + 1) * hidden), n * hidden)
        return { codes: [...beams[parent].codes, at % size], logProbability: joint[at] }
      })
    }
    return {
      codes: beams.map(({ codes }) => codes),
      logProbabilities: beams.map(({ logProbability }) => logProbability),
    }
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/**
 * `h' = (1 - z) h + z tanh(U [e, r h] + c)`, `z, r = sigmoid(W [e, h] + b)`, for the states of some beams, `[beams, hidden]`, in place; `e` is the
 * codeword that a beam chose last.
 */
function recurrence({ options: { dim }, linear }: SavedNetwork, hidden: number, rows: number) {
  const gates = linear('generator/gates', 2 * hidden, { bias: 'generator/gate-bias', rows })
  const proposal = linear('generator/proposal', hidden, { bias: 'generator/proposal-bias', rows })
  const width = dim + hidden
  const seen = new Float64Array(rows * width)
  const opened = new Float64Array(rows * 2 * hidden)
  const proposed = new Float64Array(rows * hidden)
  return (states: Float64Array, codewords: Float32Array, beams: readonly Beam[]): void => {
    for (const [n, { codes }] of beams.entries()) {
      const code = codes[codes.length - 1]
      seen.set(codewords.subarray(code * dim, (code + 1) * dim), n * width)
      seen.set(states.subarray(n * hidden, (n + 1) * hidden), n * width + dim)
    }
    gates(seen, beams.length, opened)
    for (let n = 0; n < beams.length; n++) {
      const [open, own] = [n * 2 * hidden + hidden, n * width + dim]
      for (let i = 0; i < hidden; i++) seen[own + i] *= sigmoid(opened[open + i])
    }
    proposal(seen, beams.length, proposed)
    for (let n = 0; n < beams.length; n++) {
      const [shut, own] = [n * 2 * hidden, n * hidden]
      for (let i = 0; i < hidden; i++) {
        states[own + i] += sigmoid(opened[shut + i]) * (Math.tanh(proposed[own + i]) - states[own + i])
      }
    }
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
