import { type Csr, row, topK } from '@sparc/tables'
import type { ExactLists } from './exact.ts'

const size = ({ offsets }: Csr, r: number) => offsets[r + 1] - offsets[r]

/** Lists with those of users without a history replaced by the most popular items, as in serving; the others stay as they are. */
export function popularWhereEmpty(
  found: ExactLists,
  history: Csr,
  popularity: Float32Array,
  { k, mask, seen }: { k: number; mask?: Uint8Array; seen?: Csr },
): ExactLists {
  const users = history.offsets.length - 1
  const lists = Array.from({ length: users }, (_, r) => {
    if (size(history, r) > 0) return undefined
    return topK(popularity, Math.min(k, popularity.length), { mask, skip: seen && row(seen, r) })
  })
  if (lists.every((list) => list === undefined)) return found
  const offsets = new Int32Array(users + 1)
  for (const [r, list] of lists.entries()) offsets[r + 1] = offsets[r] + (list?.items.length ?? size(found.items, r))
  const values = new Int32Array(offsets[users])
  const [scores, interests] = [new Float32Array(offsets[users]), new Uint16Array(offsets[users])]
  for (const [r, list] of lists.entries()) {
    const [start, end] = [found.items.offsets[r], found.items.offsets[r + 1]]
    values.set(list?.items ?? row(found.items, r), offsets[r])
    scores.set(list?.scores ?? found.scores.subarray(start, end), offsets[r])
    if (!list) interests.set(found.interests.subarray(start, end), offsets[r])
  }
  return { items: { offsets, values }, scores, interests }
}
