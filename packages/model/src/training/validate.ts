import type { Cases } from '@sparc/tables'
import type { EmbeddingTable } from '../embedding-table.ts'
import { exactTopK } from '../exact.ts'
import { itemScorer } from '../item-scorer.ts'
import type { Network } from '../network.ts'
import { encodeItems, encodeUsers } from '../serve.ts'
import { meanRecall } from './recall.ts'

/** Recall@k of the network as it is now on all validation cases, what they have seen removed. */
export async function validate(
  network: Network,
  table: EmbeddingTable,
  cases: Cases,
  history: number,
  k: number,
): Promise<number> {
  const items = encodeItems(network, table)
  const { vectors, interests, probabilities } = encodeUsers(network, table, cases.history, history)
  const scorer = await itemScorer(items)
  try {
    const found = exactTopK(
      {
        vectors,
        offsets: Int32Array.from(cases.history.offsets, (_, r) => r * interests),
        scale: network.score.scale,
        bias: network.merge === 'mixture' ? probabilities?.map((p) => Math.log(Math.max(p, 1e-30))) : undefined,
        merge: network.merge,
        k,
        seen: cases.seen,
      },
      scorer,
    )
    return meanRecall(found.items, cases.targets)
  } finally {
    scorer.dispose()
  }
}
