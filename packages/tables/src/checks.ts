import { InvalidInputError } from './errors.ts'
import type { Csr } from './views.ts'

/** @throws InvalidInputError `LENGTH_MISMATCH` */
export function checkLength(given: number, allowed: number, what: string): void {
  if (given === allowed) return
  throw new InvalidInputError('LENGTH_MISMATCH', {
    what: `Wrong length of ${what}`,
    given,
    allowed: String(allowed),
    next: 'Make sure that all columns speak of the same rows.',
  })
}

/** Row numbers must lie in [0, below). @throws InvalidInputError `ITEM_OUT_OF_RANGE` */
export function checkRange(values: ArrayLike<number>, below: number, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] >= 0 && values[i] < below) continue
    throw new InvalidInputError('ITEM_OUT_OF_RANGE', {
      what: `${what} names a row that does not exist`,
      given: values[i],
      allowed: Number.isFinite(below) ? `0 to ${below - 1}` : '0 or more',
      next: 'Use row numbers of the items table that the other tables were made with.',
    })
  }
}

/** Vectors must be finite. @throws InvalidInputError `NOT_FINITE` */
export function checkFinite(values: Float32Array, dim: number, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue
    throw new InvalidInputError('NOT_FINITE', {
      what: `${what} holds a value that is not finite`,
      given: `${values[i]} in row ${Math.floor(i / Math.max(1, dim))}`,
      allowed: 'finite numbers',
      next: 'Find where it came from: often a division by zero or a training run that diverged.',
    })
  }
}

/** Offsets of a CSR matrix must begin at 0, never fall, and end at the number of values. */
export function checkCsr(matrix: Csr, rows: number, what: string): void {
  checkLength(matrix.offsets.length, rows + 1, `the offsets of ${what}`)
  for (let r = 0; r < rows; r++) {
    if (matrix.offsets[r] > matrix.offsets[r + 1] || matrix.offsets[0] !== 0) {
      throw new InvalidInputError('BAD_OFFSETS', {
        what: `The offsets of ${what} do not rise from 0`,
        given: `${matrix.offsets[r]}, ${matrix.offsets[r + 1]} at row ${r}`,
        allowed: 'offsets that begin at 0 and never fall',
        next: 'Build them with csr().',
      })
    }
  }
  checkLength(matrix.values.length, matrix.offsets[rows], `the values of ${what}`)
}
