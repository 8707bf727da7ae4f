import type { Engine, EngineShard, Storage } from '../engine.ts'
import type { EngineSeed } from '../engines.ts'
import { blockShard } from './block-shard.ts'
import { floatMargin, longestVector } from './float-margin.ts'
import { flatLayout, type Layout } from './layout.ts'
import { arenas } from './memory.ts'
import { byteLayout, integerMargin, trainScalarQuantizer } from './scalar-quantizer.ts'

/** Rows in WebAssembly memory, scanned with SIMD; no dependency. `Flat` is exact to the last bit of a float32. */
export function exactEngine(dim: number, storage: Storage, seed: EngineSeed): Engine {
  const memory = arenas()
  let { longest = 0, quantizer } = seed
  if (storage === 'SQ8' && !quantizer && seed.sample?.length) quantizer = trainScalarQuantizer(seed.sample, dim)

  let layout: Layout | undefined
  function open(vectors: Float32Array): EngineShard {
    if (storage === 'SQ8') quantizer ??= trainScalarQuantizer(vectors, dim)
    layout ??= quantizer ? byteLayout(dim, quantizer) : flatLayout(dim)
    return blockShard(layout, memory)
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
