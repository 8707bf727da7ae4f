import { type Matrix, makeCodebook } from '@sparc/tables'
import { withColumns } from './arrow.ts'
import { encodeWithin } from './encode-within.ts'
import { codebookHealth, countCodes } from './health.ts'
import type { EncodeOptions, Quantizer } from './quantizer.ts'
import { decodeResidual, encodeResidual, type Level } from './residual-codes.ts'
import { type Codes, checkCodes, checkVectors, type Vectors } from './vectors.ts'

/**
 * What a quantizer does with its levels once they are there, whoever made them.
 *
 * @param levels the present ones
 * @param seen checks vectors, and gives them as the metric sees them
 */
export function codecOf(
  sizes: readonly number[],
  dim: number,
  levels: () => Level[],
  seen = (vectors: Vectors, where: string) => checkVectors(vectors, dim, where),
): Pick<Quantizer, 'encode' | 'decode' | 'health' | 'table'> {
  function encodeRows(vectors: Vectors, options: EncodeOptions = {}): Codes {
    const matrix = seen(vectors, 'encode')
    const limited = options.distinct || options.capacity !== undefined
    return limited ? encodeWithin(matrix, levels(), options) : encodeResidual(matrix, levels())
  }
  function decodeRows(codes: Codes): Matrix {
    checkCodes(codes, sizes)
    return decodeResidual(codes, levels())
  }
  return {
    ...withColumns(encodeRows, decodeRows),
    health(codes, vectors) {
      checkCodes(codes, sizes)
      if (!vectors) return codebookHealth(codes, sizes)
      return codebookHealth(codes, sizes, { vectors: seen(vectors, 'health'), decoded: decodeRows(codes) })
    },
    table(codes) {
      checkCodes(codes, sizes)
      const counted = levels().map(({ vectors }, l) => ({ vectors, counts: countCodes(codes, l, sizes[l]) }))
      return makeCodebook({ levels: counted })
    },
  }
}
