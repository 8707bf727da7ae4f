import { InvalidInputError, type Matrix, type Random } from '@sparc/tables'
import { type CodebookState, numbers, setCodewords, setPrices } from './codebook-state.ts'
import { countCodes } from './health.ts'
import { encodeResidual, type Level } from './residual-codes.ts'
import type { Codes } from './vectors.ts'

/** Counts the codes of one training step: `share = decay * share + (1 - decay) * share in this step`. */
export function countUsage(state: CodebookState, codes: ArrayLike<number>, decay: number): void {
  const levels = state.sizes.length
  const rows = codes.length / levels
  if (rows === 0) return
  for (const [l, shares] of state.usage.entries()) {
    for (let c = 0; c < shares.length; c++) shares[c] *= decay
    for (let i = l; i < codes.length; i += levels) shares[codes[i]] += (1 - decay) / rows
  }
}

/**
 * Moves codewords towards the mean of what they got in this step: `N = decay N + (1 - decay) n`,
 * `m = decay m + (1 - decay) sum of the vectors`, codeword `m / N` (van den Oord et al., NeurIPS 2017, appendix A.1; the
 * counts are smoothed as in its published code).
 */
export function moveAverages(
  state: CodebookState,
  averages: { counts: Float32Array; sums: Float32Array }[],
  codes: ArrayLike<number>,
  vectors: Matrix,
  decay: number,
): void {
  const { dim, sizes } = state
  const residual = vectors.data.slice()
  for (const [l, size] of sizes.entries()) {
    const words = numbers(state.codewords[l])
    const { counts, sums } = averages[l]
    for (let c = 0; c < size; c++) counts[c] *= decay
    for (let i = 0; i < sums.length; i++) sums[i] *= decay
    for (let r = 0; r < vectors.rows; r++) {
      const c = codes[r * sizes.length + l]
      counts[c] += 1 - decay
      for (let d = 0; d < dim; d++) {
        sums[c * dim + d] += (1 - decay) * residual[r * dim + d]
        residual[r * dim + d] -= words[c * dim + d]
      }
    }
    const total = counts.reduce((sum, count) => sum + count, 0)
    for (let c = 0; c < size; c++) {
      const smoothed = ((counts[c] + 1e-5) / (total + size * 1e-5)) * total
      for (let d = 0; d < dim; d++) words[c * dim + d] = sums[c * dim + d] / smoothed
    }
    setCodewords(state, l, words)
    averages[l] = { counts, sums }
  }
}

/** @throws InvalidInputError `MISSING_VECTORS` */
export function missingVectors(): InvalidInputError {
  return new InvalidInputError('MISSING_VECTORS', {
    what: 'Codewords kept by moving averages need the vectors of the step',
    given: 'codes alone',
    allowed: 'observe(codes, z)',
    next: 'Hand observe the z that was quantized, or create the quantizer with update: "gradient".',
  })
}

/** What is left of vectors after a level. */
export function remainder(vectors: Matrix, level: Level): Matrix {
  const data = new Float32Array(vectors.data.length)
  encodeResidual(vectors, [level], (block, start, rows) =>
    data.set(block.subarray(0, rows * vectors.dim), start * vectors.dim),
  )
  return { ...vectors, data }
}

/**
 * Replaces the codewords of codes that were used less than `below` of their fair share by what a random vector has left
 * at their level. Level by level, so that a revived codeword changes what the next level gets.
 *
 * @param codes are counted instead of what was observed
 */
export function revive(
  state: CodebookState,
  levels: readonly Level[],
  vectors: Matrix,
  below: number,
  random: Random,
  codes?: Codes,
): number[][] {
  const { dim } = state
  let left = vectors
  return state.sizes.map((size, l) => {
    const shares = state.usage[l]
    const counts = codes && countCodes(codes, l, size)
    const share = (c: number) => (counts && codes ? (counts[c] * codes.levels) / codes.data.length : shares[c])
    const dead = Array.from(shares.keys()).filter((c) => share(c) < below / size)
    const level: Level = { vectors: levels[l].vectors, prices: levels[l].prices?.slice() }
    if (dead.length > 0 && vectors.rows > 0) {
      const rows = random.shuffle(Int32Array.from({ length: vectors.rows }, (_, r) => r))
      const words = level.vectors.data.slice()
      for (const [i, c] of dead.entries()) {
        const r = rows[i % rows.length]
        words.set(left.data.subarray(r * dim, (r + 1) * dim), c * dim)
        level.prices?.fill(0, c, c + 1)
        shares[c] = 1 / size
      }
      level.vectors = { data: words, rows: size, dim }
      setCodewords(state, l, words)
      if (level.prices) setPrices(state, l, level.prices)
    }
    if (l + 1 < state.sizes.length) left = remainder(left, level)
    return dead
  })
}

/** The codes of a training step as plain numbers. */
export function plainCodes(codes: Codes | { dataSync(): ArrayLike<number> }): ArrayLike<number> {
  return 'dataSync' in codes ? codes.dataSync() : codes.data
}
