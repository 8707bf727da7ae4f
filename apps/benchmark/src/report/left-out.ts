import { rowName } from '../config/schema.ts'
import { fitsOf } from '../pipeline/systems.ts'
import type { RowResult, RunFile } from '../run-folder/results.ts'

/** What the configuration has and the run has not (yet): rows, or some of their seeds. */
export function leftOut({ run, rows }: { run: RunFile; rows: readonly Pick<RowResult, 'name' | 'seed'>[] }): string[] {
  const seeds = new Map<string, { wanted: number; missing: number[] }>()
  for (const { row, seed } of fitsOf(run.experiment)) {
    const name = rowName(row)
    const each = seeds.get(name) ?? { wanted: 0, missing: [] }
    each.wanted++
    if (!rows.some((made) => made.name === name && made.seed === seed)) each.missing.push(seed)
    seeds.set(name, each)
  }
  return [...seeds].flatMap(([name, { wanted, missing }]) => {
    if (missing.length === 0) return []
    return [
      missing.length === wanted ? name : `${name} with seed${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
    ]
  })
}
