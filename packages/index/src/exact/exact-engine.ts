import type { Engine } from '../engine.ts'
import { flatShard } from './flat-shard.ts'
import { arenas } from './memory.ts'

/** Bound of the relative error of a dot product summed in float32 in any order: `dim * 2^-23`, of |q| |v|. */
export function floatMargin(dim: number, vectors: Float32Array, at: number, longest: number): number {
  let squares = 0
  for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
  return (dim + 2) * 2 ** -23 * Math.sqrt(squares) * longest
}

/** The longest vector of a matrix, Euclidean. */
export function longestVector(vectors: Float32Array, dim: number): number {
  let longest = 0
  for (let at = 0; at < vectors.length; at += dim) {
    let squares = 0
    for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
    if (squares > longest) longest = squares
  }
  return Math.sqrt(longest)
}

/** Float32 rows in WebAssembly memory, scanned with SIMD; no dependency. */
export function exactFlatEngine(dim: number): Engine {
  const memory = arenas()
  let longest = 0
  const shard = () => {
    const made = flatShard(dim, memory)
    return {
      ...made,
      append(vectors: Float32Array, items: Int32Array) {
        longest = Math.max(longest, longestVector(vectors, dim))
        return made.append(vectors, items)
      },
    }
  }
  return {
    name: 'exact',
    storage: 'Flat',
    shard,
    restore: shard,
    margin: (vectors, at) => floatMargin(dim, vectors, at, longest),
    describe: () => ({}),
    close() {},
  }
}
