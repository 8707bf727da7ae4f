/** A seeded source of random numbers: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number
  /** Uniform integer in [0, n). */
  int(n: number): number
  /** Standard normal, by Box and Muller. */
  normal(): number
  /** Fisher-Yates shuffle, in place; returns its argument. */
  shuffle<T extends unknown[] | Int32Array | Uint32Array | Float32Array | Float64Array>(values: T): T
  /** An independent stream named by a label: forking does not advance this one. */
  fork(label: string): Random
  /** The state, to be restored later: four 32-bit words. */
  state(): number[]
  restore(state: readonly number[]): void
}

/** Bit mixer of MurmurHash3 (Austin Appleby, public domain): every input bit moves every output bit. */
export function mix32(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * The one rule that breaks ties between equal scores, in every package: the item with the smaller hash comes first, so
 * that neither the position in a table nor the age of an item favours it.
 *
 * @returns an unsigned 32-bit integer; distinct items of one seed have distinct hashes
 */
export function tieHash(item: number, seed = 0): number {
  return mix32(item ^ mix32(seed ^ 0x9e3779b9))
}

/**
 * A random source from a seed. The same seed gives the same numbers on every machine.
 *
 * @example
 * const source = random(1230)
 * source.int(6) + 1 // a die
 */
export function random(seed: number): Random {
  let a = mix32(seed)
  let b = mix32(seed ^ 0x9e3779b9)
  let c = mix32(Math.floor(seed / 4294967296) ^ 0x243f6a88)
  let d = 1
  const word = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  const next = () => word() / 4294967296
  const int = (n: number) => Math.floor(next() * n)
  return {
    next,
    int,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - next()))
      return radius * Math.cos(2 * Math.PI * next())
    },
    shuffle(values) {
      for (let i = values.length - 1; i > 0; i--) {
        const j = int(i + 1)
        const held = values[i]
        values[i] = values[j]
        values[j] = held
      }
      return values
    },
    fork(label) {
      let h = mix32(a ^ mix32(b) ^ mix32(c ^ mix32(d)))
      for (let i = 0; i < label.length; i++) h = mix32(h ^ label.charCodeAt(i) ^ (i << 16))
      return random(h)
    },
    state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
    restore(state) {
      ;[a, b, c, d] = [state[0] | 0, state[1] | 0, state[2] | 0, state[3] | 0]
    },
  }
}
