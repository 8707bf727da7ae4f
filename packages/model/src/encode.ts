import type { Csr, Interests, Matrix } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import type { EmbeddingTable } from './embedding-table.ts'
import type { ItemVectors, Network } from './network.ts'
import { tidyNumbers } from './tidy-numbers.ts'
import { createInputs } from './training/inputs.ts'
import { createHistories, writeHistory } from './training/sampler.ts'

/** Rows encoded at a time. */
const ITEM_BLOCK = 8192
const USER_BLOCK = 512

/** Vectors of the items `[from, to)`, `[to - from, dim]`. */
export function encodeItemRange(network: Network, table: EmbeddingTable, from: number, to: number): Float32Array {
  const { dim } = table
  const data = new Float32Array((to - from) * dim)
  const ids = new Int32Array(ITEM_BLOCK)
  const buffer = new Float32Array(ITEM_BLOCK * dim)
  for (let start = from; start < to; start += ITEM_BLOCK) {
    const count = Math.min(ITEM_BLOCK, to - start)
    for (let i = 0; i < count; i++) ids[i] = start + i
    table.gather(ids, count, buffer)
    const encoded = tidyNumbers(() =>
      network.items(tf.tensor2d(buffer.subarray(0, count * dim), [count, dim])).dataSync(),
    )
    data.set(encoded as Float32Array, (start - from) * dim)
  }
  return data
}

/** Vectors of the whole catalogue, `[items, dim]`. */
export function encodeItems(network: Network, table: EmbeddingTable): ItemVectors {
  const { rows, dim } = table
  return { data: encodeItemRange(network, table, 0, rows), rows, dim }
}

/** Interests of histories, every user with the same number of them. */
export interface EncodedUsers {
  /** `[users * interests, dim]` */
  vectors: Matrix
  /** Interests per user. */
  interests: number
  /** `[users * interests]` */
  probabilities?: Float32Array
  codes?: Uint16Array
}

/** Encodes the last `length` items of each row of `history`. */
export function encodeUsers(
  network: Network,
  table: EmbeddingTable,
  history: Csr,
  length: number,
  wanted?: number,
): EncodedUsers {
  const inputs = createInputs(table)
  const users = history.offsets.length - 1
  const { dim } = table
  let result: EncodedUsers = { vectors: { data: new Float32Array(0), rows: 0, dim }, interests: wanted ?? 1 }
  for (let start = 0; start < users; start += USER_BLOCK) {
    const count = Math.min(USER_BLOCK, users - start)
    const block = createHistories(count, length)
    for (let r = 0; r < count; r++) {
      writeHistory(block, r, history.values, history.offsets[start + r], history.offsets[start + r + 1])
    }
    const { data, interests, logs, codes } = tidyNumbers(() => {
      const found = network.users(inputs.serving(block), wanted)
      return {
        data: found.vectors.dataSync() as Float32Array,
        interests: found.vectors.shape[1],
        logs: found.logProbabilities?.dataSync() as Float32Array | undefined,
        codes: found.codes?.dataSync(),
      }
    })
    if (start === 0) {
      const rows = users * interests
      result = { vectors: { data: new Float32Array(rows * dim), rows, dim }, interests }
      if (logs) result.probabilities = new Float32Array(rows)
      if (codes) result.codes = new Uint16Array(rows)
    }
    const at = start * interests
    result.vectors.data.set(data, at * dim)
    if (logs) for (let i = 0; i < logs.length; i++) result.probabilities![at + i] = Math.exp(logs[i])
    if (codes) for (let i = 0; i < codes.length; i++) result.codes![at + i] = codes[i]
  }
  return result
}

/** The same as the view of an `interests` table; who has no history has no interests: what is encoded of nothing says nothing. */
export function asInterests(
  encoded: EncodedUsers,
  users: string[],
  history: Csr,
  network: Network,
  itemsKey: string,
): Interests {
  const offsets = new Int32Array(users.length + 1)
  const kept: number[] = []
  for (let r = 0; r < users.length; r++) {
    const count = history.offsets[r + 1] > history.offsets[r] ? encoded.interests : 0
    for (let c = 0; c < count; c++) kept.push(r * encoded.interests + c)
    offsets[r + 1] = offsets[r] + count
  }
  const { vectors, codes, probabilities } = kept.length < encoded.vectors.rows ? rowsOf(encoded, kept) : encoded
  const { score, merge } = network
  const generalFirst = network.generalFirst?.() || undefined
  return { users, offsets, vectors, codes, probabilities, score, merge, generalFirst, itemsKey }
}

/** Some of the vectors, and what belongs to them. */
function rowsOf({ vectors, codes, probabilities }: EncodedUsers, rows: readonly number[]) {
  const { dim } = vectors
  const data = new Float32Array(rows.length * dim)
  for (const [to, from] of rows.entries()) data.set(vectors.data.subarray(from * dim, (from + 1) * dim), to * dim)
  return {
    vectors: { data, rows: rows.length, dim },
    codes: codes && Uint16Array.from(rows, (at) => codes[at]),
    probabilities: probabilities && Float32Array.from(rows, (at) => probabilities[at]),
  }
}
