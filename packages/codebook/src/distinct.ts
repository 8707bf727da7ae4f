import { InvalidInputError, type Matrix } from '@sparc/tables'
import { BLOCK, biases } from './nearest.ts'
import type { Level } from './residual-codes.ts'
import type { Codes } from './vectors.ts'
import { nearestWasm, type PackedCodewords, packCodewords } from './wasm-nearest.ts'

/** Rows of one code prefix, to be spread over the codes of the next level. */
interface Group {
  rows: Int32Array
  level: number
}

/** `-(r.c - bias)` for each row of a group and each code: the squared distance with its price, up to a constant. */
function costs(residual: Float32Array, rows: Int32Array, words: Matrix, bias: Float32Array): Float32Array {
  const { data: w, rows: size, dim } = words
  const out = new Float32Array(rows.length * size)
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i] * dim
    for (let c = 0; c < size; c++) {
      let dot = 0
      for (let d = 0; d < dim; d++) dot += residual[at + d] * w[c * dim + d]
      out[i * size + c] = bias[c] - dot
    }
  }
  return out
}

/**
 * Gives each row of a cost matrix a column, none to more than `room` rows. A row that is turned away goes where it
 * loses least, and pushes out the row that loses least by leaving (deferred acceptance of Gale and Shapley 1962, the
 * columns preferring the rows to which they are worth most).
 */
function assignWithin(cost: Float32Array, rows: number, size: number, room: number): Int32Array {
  const chosen = new Int32Array(rows).fill(-1)
  const order = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: size }, (_, c) => c).sort((a, b) => cost[i * size + a] - cost[i * size + b]),
  )
  const next = new Int32Array(rows)
  const held: number[][] = Array.from({ length: size }, () => [])
  const waiting = Array.from({ length: rows }, (_, i) => i)
  // What a row loses when its present column turns it away.
  const loss = (i: number) => {
    const after = order[i][next[i]]
    return after === undefined ? Number.POSITIVE_INFINITY : cost[i * size + after] - cost[i * size + chosen[i]]
  }
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const c = order[i][next[i]++]
    chosen[i] = c
    held[c].push(i)
    if (held[c].length <= room) continue
    let least = 0
    for (let j = 1; j < held[c].length; j++) if (loss(held[c][j]) < loss(held[c][least])) least = j
    waiting.push(...held[c].splice(least, 1))
  }
  return chosen
}

/**
 * Residual codes that no two rows share, for a whole catalogue at once: as `encodeResidual`, but a code prefix takes no
 * more rows than it has codes below it, so that the last level can tell all of them apart. Rows that must move go where
 * they lose least; all others keep their nearest codewords (the conflict step of LC-Rec, Zheng et al., ICDE 2024,
 * section 3.1.2, for any number of levels and without its entropic smoothing).
 *
 * @throws InvalidInputError `TOO_MANY_VECTORS` when there are more rows than codes
 */
export function encodeDistinct(vectors: Matrix, levels: readonly Level[]): Codes {
  const { rows, dim } = vectors
  const sizes = levels.map((level) => level.vectors.rows)
  const space = sizes.reduce((product, size) => product * size, 1)
  if (rows > space) {
    throw new InvalidInputError('TOO_MANY_VECTORS', {
      what: 'There are more vectors than codes, so they can not all be told apart',
      given: `${rows} vectors for ${space} codes`,
      allowed: `${space} vectors`,
      next: 'Use more levels or larger ones, or encode without "distinct".',
    })
  }
  const residual = vectors.data.slice()
  const bias = levels.map((level) => biases(level.vectors, level.prices))
  const packed = levels.map((level, l) => packCodewords(level.vectors, bias[l]))
  const codes: Codes = { levels: levels.length, data: new Uint16Array(rows * levels.length) }
  const below = sizes.map((_, l) => sizes.slice(l + 1).reduce((product, size) => product * size, 1))
  const open: Group[] = [{ rows: Int32Array.from({ length: rows }, (_, r) => r), level: 0 }]
  for (let group = open.pop(); group; group = open.pop()) {
    const { level } = group
    const words = levels[level].vectors
    const members: number[][] = Array.from({ length: words.rows }, () => [])
    const chosen = assignGroup(residual, group.rows, words, packed[level], bias[level], below[level])
    for (let i = 0; i < chosen.length; i++) {
      const r = group.rows[i]
      codes.data[r * levels.length + level] = chosen[i]
      for (let d = 0; d < dim; d++) residual[r * dim + d] -= words.data[chosen[i] * dim + d]
      members[chosen[i]].push(r)
    }
    if (level + 1 === levels.length) continue
    for (const part of members) if (part.length > 0) open.push({ rows: Int32Array.from(part), level: level + 1 })
  }
  return codes
}

/** Nearest codes of a group; only where one of them takes more than `room` rows are the group's rows spread. */
function assignGroup(
  residual: Float32Array,
  rows: Int32Array,
  words: Matrix,
  packed: PackedCodewords,
  bias: Float32Array,
  room: number,
): Int32Array {
  const { rows: size, dim } = words
  const found = new Int32Array(rows.length)
  const block = new Float32Array(Math.min(BLOCK, rows.length) * dim)
  for (let start = 0; start < rows.length; start += BLOCK) {
    const count = Math.min(BLOCK, rows.length - start)
    for (let i = 0; i < count; i++) {
      const at = rows[start + i] * dim
      block.set(residual.subarray(at, at + dim), i * dim)
    }
    nearestWasm(block, count, packed, found.subarray(start, start + count))
  }
  const counts = new Int32Array(size)
  let full = false
  for (const code of found) if (++counts[code] > room) full = true
  if (!full) return found
  return assignWithin(costs(residual, rows, words, bias), rows.length, size, room)
}
