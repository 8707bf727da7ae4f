import type { RowResult } from '../run-folder/results.ts'

/** What a row of shards is named: the row whose vectors they hold, and how candidates were merged (see `pipeline/serve`). */
const shards = /-shards(-(own|mixture|max|nearest|budget))?$/

/** Name of the row whose trained model a row's lists come from: its own, or that of the row which its shards hold. */
export function modelOf({ name, kind }: Pick<RowResult, 'name' | 'kind'>): string {
  return kind === 'shards' ? name.replace(shards, '') : name
}

/**
 * Whether two rows, each of one or several seeds, are the same trained models asked in two ways, seed by seed: a row and its shards,
 * a run and itself or a run that took its rows in. The seconds of a fit, to their last digit, tell one fit from another.
 */
export function oneModel(a: readonly RowResult[], b: readonly RowResult[]): boolean {
  const others = new Map(b.map((row) => [row.seed, row]))
  return (
    a.length === b.length &&
    a.every((row) => {
      const other = others.get(row.seed)
      if (other === undefined || modelOf(row) !== modelOf(other)) return false
      return row.steps === other.steps && row.seconds.fit === other.seconds.fit
    })
  )
}
