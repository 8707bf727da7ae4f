import { InvalidInputError, type Matrix } from '@sparc/tables'

/** Vectors as callers give them: a matrix, or row-major numbers whose length is a multiple of the dimension. */
export type Vectors = Matrix | Float32Array

/** Codes of many vectors: row `r` has its `levels` codes at `data[r * levels .. (r + 1) * levels)`. */
export interface Codes {
  /** Codes per vector. */
  levels: number
  /** `[rows * levels]` */
  data: Uint16Array
}

/** The first NaN or infinite entry, or -1. */
function firstNotFinite(data: Float32Array): number {
  // A sum is finite only if all its terms are, so the common case needs no branch per element.
  for (let start = 0; start < data.length; start += 4096) {
    const end = Math.min(data.length, start + 4096)
    let sum = 0
    for (let i = start; i < end; i++) sum += data[i] * 0
    if (sum !== 0) for (let i = start; i < end; i++) if (!Number.isFinite(data[i])) return i
  }
  return -1
}

/**
 * Checks vectors at the door and gives them as a matrix, without copying.
 *
 * @throws InvalidInputError `NOT_VECTORS`, `WRONG_DIMENSION`, `NOT_FINITE`
 */
export function checkVectors(vectors: Vectors, dim: number, where: string): Matrix {
  if (!(vectors instanceof Float32Array) && !(vectors?.data instanceof Float32Array)) {
    throw new InvalidInputError('NOT_VECTORS', {
      what: `What was given to ${where} are not vectors`,
      given: Object.prototype.toString.call(vectors),
      allowed: 'a Float32Array, { data: Float32Array, rows, dim }, or in encode an Arrow column',
      next: 'Make a Float32Array of all rows, one after the other.',
    })
  }
  const plain = vectors instanceof Float32Array
  const data = plain ? vectors : vectors.data
  const given = plain ? (data.length % dim === 0 ? dim : undefined) : vectors.dim
  const rows = plain ? data.length / dim : vectors.rows
  if (given !== dim || data.length !== rows * dim) {
    throw new InvalidInputError('WRONG_DIMENSION', {
      what: `The vectors given to ${where} have the wrong dimension`,
      given: plain ? `${data.length} numbers` : `${rows} rows of ${vectors.dim}, ${data.length} numbers`,
      allowed: `rows of ${dim} numbers`,
      next: `Give vectors of dimension ${dim}, or create a quantizer with the dimension of yours.`,
    })
  }
  const bad = firstNotFinite(data)
  if (bad >= 0) {
    throw new InvalidInputError('NOT_FINITE', {
      what: `The vectors given to ${where} hold a value that is not finite`,
      given: `${data[bad]} in row ${Math.floor(bad / dim)}, column ${bad % dim}`,
      allowed: 'finite numbers',
      next: 'Look for a division by zero or a diverged training where the vectors were made.',
    })
  }
  return { data, rows, dim }
}

/** @throws InvalidInputError `TOO_FEW_VECTORS` */
export function checkEnough(rows: number, size: number, where: string): void {
  if (rows >= size) return
  throw new InvalidInputError('TOO_FEW_VECTORS', {
    what: `${where} needs at least as many vectors as a level has codes`,
    given: `${rows} vectors for ${size} codes`,
    allowed: `${size} vectors or more`,
    next: `Give more vectors, or create the quantizer with at most ${rows} codes per level.`,
  })
}

/** @throws InvalidInputError `CAPACITY_TOO_SMALL` */
export function checkCapacity(capacity: number): void {
  if (capacity >= 1) return
  throw new InvalidInputError('CAPACITY_TOO_SMALL', {
    what: 'The capacity of a code is less than its fair share, so not all vectors can be placed',
    given: capacity,
    allowed: 'numbers from 1',
    next: '1 is exactly uniform; 1.25 leaves some freedom.',
  })
}

/** Levels named in options must exist. @throws InvalidInputError `NO_SUCH_LEVEL` */
export function checkLevels(named: readonly number[], levels: number, where: string): void {
  const wrong = named.find((level) => !Number.isInteger(level) || level < 0 || level >= levels)
  if (wrong === undefined) return
  throw new InvalidInputError('NO_SUCH_LEVEL', {
    what: `${where} names a level that the quantizer does not have`,
    given: wrong,
    allowed: `0 to ${levels - 1}`,
    next: 'Levels are counted from 0.',
  })
}

/** @throws InvalidInputError `WRONG_LEVELS`, `CODE_OUT_OF_RANGE` */
export function checkCodes(codes: Codes, sizes: readonly number[]): void {
  const levels = sizes.length
  if (codes.levels !== levels || codes.data.length % levels !== 0) {
    throw new InvalidInputError('WRONG_LEVELS', {
      what: 'The codes do not have one entry per level',
      given: `${codes.levels} levels, ${codes.data.length} entries`,
      allowed: `${levels} codes per vector`,
      next: 'Decode with the quantizer that made the codes.',
    })
  }
  for (let i = 0; i < codes.data.length; i++) {
    const level = i % levels
    if (codes.data[i] < sizes[level]) continue
    throw new InvalidInputError('CODE_OUT_OF_RANGE', {
      what: 'A code names a codeword that its level does not have',
      given: `code ${codes.data[i]} at level ${level} of row ${Math.floor(i / levels)}`,
      allowed: `0 to ${sizes[level] - 1}`,
      next: 'Decode with the quantizer that made the codes.',
    })
  }
}

/** The rows of a matrix made length 1: a copy. */
export function unitMatrix({ data, rows, dim }: Matrix): Matrix {
  const unit = new Float32Array(data.length)
  for (let r = 0; r < rows; r++) {
    let square = 1e-12
    for (let d = 0; d < dim; d++) square += data[r * dim + d] ** 2
    for (let d = 0; d < dim; d++) unit[r * dim + d] = data[r * dim + d] / Math.sqrt(square)
  }
  return { data: unit, rows, dim }
}
