import type { Embeddings } from '@sparc/tables'
import type { RowResult } from '../run-folder/results.ts'

/** Health of the codes over the items, each counted once: `sizes` are the codes that each level has. */
export function codeHealth(
  { codes, items }: Embeddings,
  sizes: readonly number[] | undefined,
): RowResult['codebook'] | undefined {
  if (codes === undefined || items.length === 0) return undefined
  const levels = Array.from({ length: codes.levels }, (_, level) => {
    const counts = new Map<number, number>()
    for (let r = 0; r < items.length; r++) {
      const code = codes.data[r * codes.levels + level]
      counts.set(code, (counts.get(code) ?? 0) + 1)
    }
    const shares = [...counts.values()].map((count) => count / items.length)
    const size = sizes?.[level] ?? Math.max(...counts.keys()) + 1
    const entropy = -shares.reduce((sum, share) => sum + share * Math.log(share), 0)
    return { size, usage: counts.size / size, perplexity: Math.exp(entropy), largest: Math.max(...shares) }
  })
  const tuples = new Map<string, number>()
  for (let r = 0; r < items.length; r++) {
    const tuple = codes.data.subarray(r * codes.levels, (r + 1) * codes.levels).join('.')
    tuples.set(tuple, (tuples.get(tuple) ?? 0) + 1)
  }
  let shared = 0
  for (const count of tuples.values()) if (count > 1) shared += count
  return { levels, collisions: shared / items.length }
}
