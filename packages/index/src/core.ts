import { type Codebook, type Embeddings, InvalidInputError, type Matrix, readCodebook } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { checkSameDim } from './check-embeddings.ts'
import type { Engine } from './engine.ts'
import type { IdMap } from './id-map.ts'
import type { State } from './state.ts'
import { assignCodes } from './train-codes.ts'

/** What an index is made of. Searches take what they need from it once, at their start. */
export interface Core {
  engine: Engine
  ids: IdMap
  state: State
  /** Codewords that queries are routed by, `[codes, dim]`; the means of the shards where absent. */
  codewords?: Matrix
  /** True where the codes were trained here, so that new items get theirs from the codewords. */
  trained: boolean
  seed: number
  compactAt: number
  itemsKey?: string
}

/** Codewords of level 1, from a codebook table or its view. */
export function levelOneCodewords(codebook: Table | Codebook | undefined, dim: number): Matrix | undefined {
  if (codebook === undefined) return undefined
  const view = 'levels' in codebook ? codebook : readCodebook(codebook)
  const first = view.levels[0]
  if (!first) return undefined
  checkSameDim(first.vectors.dim, dim, 'The codebook')
  return first.vectors
}

/** The codeword of a code, or undefined for a code that the codebook does not have. */
export function codewordOf({ data, rows, dim }: Matrix): (code: number) => Float32Array | undefined {
  return (code) => (code < rows ? data.subarray(code * dim, (code + 1) * dim) : undefined)
}

/** The level-1 code of each row: the table's own, or the nearest of those trained here. */
export function codesOf(core: Pick<Core, 'codewords' | 'trained'>, embeddings: Embeddings): Uint16Array {
  const { codes, items, vectors } = embeddings
  if (core.trained && core.codewords) {
    return assignCodes({ centroids: core.codewords.data, codes: core.codewords.rows }, vectors.data, vectors.dim)
  }
  if (!codes) {
    throw new InvalidInputError('NO_CODES', {
      what: 'The embeddings have no codes, but the index was built with the codes of a model',
      given: `${items.length} rows without a "codes" column`,
      allowed: 'embeddings with codes of the same codebook',
      next: 'Let the model give the codes, or build an index that trains its own.',
    })
  }
  return Uint16Array.from(items, (_, r) => codes.data[r * codes.levels])
}
