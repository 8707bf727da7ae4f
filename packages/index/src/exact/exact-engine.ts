import type { Engine, EngineShard, Storage } from '../engine.ts'
import type { EngineSeed } from '../engines.ts'
import { blockShard } from './block-shard.ts'
import { flatLayout } from './layout.ts'
import { arenas } from './memory.ts'
import { byteLayout, integerMargin, trainScalarQuantizer } from './scalar-quantizer.ts'

/** Bound of the error of a dot product summed in float32 in any order: `(dim + 2) 2^-23 |q| |v|`. */
function floatMargin(dim: number, vectors: Float32Array, at: number, longest: number): number {
  let squares = 0
  for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
  return (dim + 2) * 2 ** -23 * Math.sqrt(squares) * longest
}

/** The longest vector of a matrix, Euclidean. */
function longestVector(vectors: Float32Array, dim: number): number {
  let longest = 0
  for (let at = 0; at < vectors.length; at += dim) {
    let squares = 0
    for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
    if (squares > longest) longest = squares
  }
  return Math.sqrt(longest)
}

/** Rows in WebAssembly memory, scanned with SIMD; no dependency. `Flat` is exact to the last bit of a float32. */
export function exactEngine(dim: number, storage: Storage, seed: EngineSeed): Engine {
  const memory = arenas()
  let { longest = 0, quantizer } = seed
  if (storage === 'SQ8' && !quantizer && seed.sample?.length) quantizer = trainScalarQuantizer(seed.sample, dim)

  function open(vectors: Float32Array): EngineShard {
    if (storage !== 'SQ8') return blockShard(flatLayout(dim), memory)
    quantizer ??= trainScalarQuantizer(vectors, dim)
    return blockShard(byteLayout(dim, quantizer), memory)
  }
  /** An index that began empty learns its quantizer from the first rows. */
  function shard(): EngineShard {
    let made: EngineShard | undefined
    return {
      length: () => made?.length() ?? 0,
      append(vectors, items) {
        longest = Math.max(longest, longestVector(vectors, dim))
        made ??= open(vectors)
        return made.append(vectors, items)
      },
      scan: (rows, batch, members) => made?.scan(rows, batch, members),
      dot: (row, vectors, at) => made?.dot(row, vectors, at) ?? Number.NaN,
      read: (row, out, at) => made?.read(row, out, at),
      bytes: () => made?.bytes() ?? 0,
      release: () => made?.release(),
    }
  }
  return {
    name: 'exact',
    storage,
    shard,
    margin(vectors, at) {
      const float = floatMargin(dim, vectors, at, longest)
      return quantizer ? float + integerMargin(quantizer, vectors, at) : float
    },
    quantizer: () => quantizer,
    longest: () => longest,
    close() {},
  }
}
