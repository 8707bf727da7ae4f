import { codebookHealth } from '@sparc/codebook'
import type { Embeddings } from '@sparc/tables'
import type { RowResult } from '../run-folder/results.ts'

/** Health of the codes over the items, each counted once. `sizes`: codes of each level, else as many as items show. */
export function codeHealth({ codes, items }: Embeddings, sizes?: readonly number[]): RowResult['codebook'] | undefined {
  if (codes === undefined || items.length === 0) return undefined
  const all = sizes ?? Array.from({ length: codes.levels }, (_, level) => largestCode(codes, level) + 1)
  const { levels, collisions } = codebookHealth(codes, all)
  return {
    levels: levels.map(({ usage, perplexity, largest }, l) => ({ size: all[l], usage, perplexity, largest })),
    collisions,
  }
}

function largestCode({ levels, data }: NonNullable<Embeddings['codes']>, level: number): number {
  let largest = 0
  for (let at = level; at < data.length; at += levels) largest = Math.max(largest, data[at])
  return largest
}
