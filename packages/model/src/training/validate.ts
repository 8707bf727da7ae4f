import type { Cases, Csr } from '@sparc/tables'
import type { EmbeddingTable } from '../embedding-table.ts'
import { exactTopK } from '../exact.ts'
import { itemScorer } from '../item-scorer.ts'
import type { Network } from '../network.ts'
import { encodeItemRange, encodeUsers } from '../serve.ts'
import { meanRecall } from './recall.ts'

/** Users handled between two turns of the event loop. */
const BLOCK = 1024

/** Rows `[start, end)` of a matrix; the values are shared. */
function rowsOf({ offsets, values }: Csr, start: number, end: number): Csr {
  const first = offsets[start]
  return {
    offsets: offsets.subarray(start, end + 1).map((offset) => offset - first),
    values: values.subarray(first, offsets[end]),
  }
}

/**
 * Recall@k of the network as it is now on all validation cases, what they have seen removed.
 *
 * @returns undefined when the signal fires meanwhile
 */
export async function validate(
  network: Network,
  table: EmbeddingTable,
  cases: Cases,
  { history, k, signal }: { history: number; k: number; signal?: AbortSignal },
): Promise<number | undefined> {
  const users = cases.users.length
  const { rows, dim } = table
  const block = (from: number, to: number) => encodeItemRange(network, table, from, to)
  const scorer = await itemScorer({ rows, dim, block })
  const lists: Csr = { offsets: new Int32Array(users + 1), values: new Int32Array(users * Math.min(k, rows)) }
  try {
    for (let start = 0; start < users; start += BLOCK) {
      const end = Math.min(users, start + BLOCK)
      const encoded = encodeUsers(network, table, rowsOf(cases.history, start, end), history)
      const { vectors, interests, probabilities } = encoded
      const found = exactTopK(
        {
          vectors,
          offsets: Int32Array.from({ length: end - start + 1 }, (_, r) => r * interests),
          scale: network.score.scale,
          bias: network.merge === 'mixture' ? probabilities?.map((p) => Math.log(Math.max(p, 1e-30))) : undefined,
          merge: network.merge,
          k,
          seen: rowsOf(cases.seen, start, end),
        },
        scorer,
      )
      const written = lists.offsets[start]
      lists.values.set(found.items.values, written)
      for (let r = start; r < end; r++) lists.offsets[r + 1] = written + found.items.offsets[r - start + 1]
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (signal?.aborted) return undefined
    }
    return meanRecall(lists, cases.targets)
  } finally {
    scorer.dispose()
  }
}
