import { type Estimate, type Moments, moments, single } from './estimate.ts'
import type { RankedCase } from './metric.ts'
import type { MetricPlan } from './plan.ts'
import type { SliceReport } from './report.ts'
import type { SliceGroup } from './slices.ts'

/** The values of each case: metrics by name, then `<slice>/<metric>`, and masks of slices of cases. */
export interface CaseColumns {
  values: Map<string, Float64Array>
  masks: Map<string, Uint8Array>
}

/** Collects the scores of cases, over all of them and by slice. */
export interface GroupScores {
  add(ranked: RankedCase): void
  summary(
    names: string[],
    overall: Map<string, number>,
    confidence: number,
    lists: number,
  ): { metrics: Record<string, Estimate>; slices: Record<string, SliceReport> }
  readonly columns?: CaseColumns
}

interface Collector {
  group?: SliceGroup
  cases: number
  moments: Moments
  /** By column of the plan; undefined where not kept. */
  kept?: Float64Array[]
}

export function groupScores(plan: MetricPlan, groups: SliceGroup[], cases: number, keep: boolean): GroupScores {
  const width = plan.columns.length
  const collector = (columns: number, kept: boolean, group?: SliceGroup): Collector => ({
    group,
    cases: 0,
    moments: moments(columns),
    kept: kept ? Array.from({ length: columns }, () => new Float64Array(cases).fill(Number.NaN)) : undefined,
  })
  const all = collector(width, keep)
  const bySlice = groups.map((group) =>
    group.targets ? collector(plan.targetColumns, keep, group) : collector(width, false, group),
  )
  const out = new Float64Array(width)
  const part: RankedCase = { row: 0, items: out32, length: 0, hits: out32, hitCount: 0, targets: out32, targetCount: 0 }

  const collect = (to: Collector, row: number, columns: number) => {
    to.cases++
    to.moments.add(out, 0, columns)
    if (to.kept) for (let column = 0; column < columns; column++) to.kept[column][row] = out[column]
  }
  return {
    add(ranked) {
      out.fill(Number.NaN)
      if (ranked.targetCount > 0) plan.scoreTargets(ranked, out)
      if (ranked.length > 0) plan.scoreList(ranked, out)
      collect(all, ranked.row, width)
      for (const slice of bySlice) {
        const { cases: mask, targets } = slice.group!
        if (!targets && (!mask || mask[ranked.row] === 1)) collect(slice, ranked.row, width)
      }
      for (const slice of bySlice) {
        const { cases: mask, targets } = slice.group!
        if (!targets || (mask && mask[ranked.row] === 0) || !restrict(ranked, targets, part)) continue
        plan.scoreTargets(part, out)
        collect(slice, ranked.row, plan.targetColumns)
      }
    },
    summary(names, overall, confidence, lists) {
      const estimates = (from: Collector, columns: number) => {
        const column = new Map(plan.columns.slice(0, columns).map((name, at) => [name, at]))
        const found: Record<string, Estimate> = {}
        for (const name of names) {
          const at = column.get(name)
          if (at !== undefined) found[name] = from.moments.estimate(at, confidence)
          else if (from === all) found[name] = single(overall.get(name) ?? Number.NaN, lists)
        }
        return found
      }
      const slices: Record<string, SliceReport> = {}
      for (const slice of bySlice) {
        const columns = slice.group!.targets ? plan.targetColumns : width
        slices[slice.group!.name] = { cases: slice.cases, metrics: estimates(slice, columns) }
      }
      return { metrics: estimates(all, width), slices }
    },
    columns: keep ? caseColumns(plan, all, bySlice) : undefined,
  }
}

const out32 = new Int32Array(0)

/** The case with those targets only that the mask has; false where there is none. */
function restrict(ranked: RankedCase, mask: Uint8Array, part: RankedCase): boolean {
  let targets = 0
  for (let t = 0; t < ranked.targetCount; t++) if (mask[ranked.targets[t]] === 1) targets++
  if (targets === 0) return false
  if (part.hits.length < ranked.hits.length) part.hits = new Int32Array(ranked.hits.length)
  if (part.targets.length < ranked.targets.length) part.targets = new Int32Array(ranked.targets.length)
  let hits = 0
  for (let h = 0; h < ranked.hitCount; h++) {
    if (mask[ranked.items[ranked.hits[h]]] === 1) part.hits[hits++] = ranked.hits[h]
  }
  let count = 0
  for (let t = 0; t < ranked.targetCount; t++) {
    if (mask[ranked.targets[t]] === 1) part.targets[count++] = ranked.targets[t]
  }
  part.row = ranked.row
  part.items = ranked.items
  part.length = ranked.length
  part.hitCount = hits
  part.targetCount = targets
  return true
}

function caseColumns(plan: MetricPlan, all: Collector, slices: Collector[]): CaseColumns {
  const values = new Map<string, Float64Array>()
  const masks = new Map<string, Uint8Array>()
  for (const [at, column] of (all.kept ?? []).entries()) values.set(plan.columns[at], column)
  for (const { group, kept } of slices) {
    if (!group) continue
    if (group.cases && !group.targets) masks.set(group.name, group.cases)
    for (const [at, column] of (kept ?? []).entries()) values.set(`${group.name}/${plan.columns[at]}`, column)
  }
  return { values, masks }
}
