import { leaderboard } from '@sparc/eval'
import { duration } from '../progress/duration.ts'
import type { IndexPoint, RowResult } from '../run-folder/results.ts'
import { columnsOf } from './columns.ts'
import { number, percent } from './format.ts'

type View = 'filtered' | 'unfiltered'

/** Rows by name, in order of first appearance: the seeds of one row stand together. */
export function byName(rows: readonly RowResult[]): Map<string, RowResult[]> {
  const groups = new Map<string, RowResult[]>()
  for (const row of rows) groups.set(row.name, [...(groups.get(row.name) ?? []), row])
  return groups
}

/** Learned rows with fewer seeds than another: they are not marked best beside means of several. */
export function fewSeeds(rows: readonly { name: string; steps: number; seeds: number }[]): Set<string> {
  const most = Math.max(...rows.map(({ seeds }) => seeds))
  return new Set(rows.filter(({ steps, seeds }) => steps > 0 && seeds < most).map(({ name }) => name))
}

/** The leaderboard as `@sparc/eval` makes it, over the seeds of each row. */
export function board(rows: readonly RowResult[], view: View, split: string) {
  const there = columnsOf(rows, split)
  const groups = byName(rows)
  const unranked = fewSeeds([...groups].map(([name, group]) => ({ name, steps: group[0].steps, seeds: group.length })))
  return leaderboard(
    [...groups].map(([name, group]) => ({
      name,
      label: unranked.has(name) ? `${name}, ${group.length} seed${group.length > 1 ? 's' : ''}` : name,
      ranked: !unranked.has(name),
      values: Object.fromEntries(there.map(({ key }) => [key, group.map((row) => row.metrics[view][key] ?? null)])),
    })),
    {
      columns: there.map(({ key }) => key),
      titles: Object.fromEntries(there.map(({ key, label }) => [key, label])),
      better: Object.fromEntries(there.map(({ key, better }) => [key, better])),
    },
  )
}

/** Rows of cells as a table of text; the first column is aligned left, the others right. */
export function align(rows: string[][]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)))
  return rows
    .map((row) => row.map((text, c) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c]))).join('  '))
    .join('\n')
}

/** Names each row; with its seed where there are several of that name. */
function labelsOf(rows: readonly RowResult[]): string[] {
  const groups = byName(rows)
  return rows.map(({ name, seed }) => ((groups.get(name)?.length ?? 0) > 1 ? `${name}, seed ${seed}` : name))
}

/**
 * What each row cost: steps, seconds, share of the catalogue scanned, time per query; and the mean cosine between the interest
 * vectors of one user, as interests that are all alike are one interest.
 */
export function costText(rows: readonly RowResult[]): string {
  const labels = labelsOf(rows)
  const body = rows.map((row, r) => [
    labels[r],
    String(row.steps),
    row.kind === 'shards' ? 'as above' : duration(row.seconds.fit),
    row.scanned === undefined ? '-' : percent(row.scanned),
    row.microsecondsPerQuery === undefined ? '-' : `${Math.round(row.microsecondsPerQuery)} µs`,
    row.best === undefined ? '-' : `${number(row.best.recall)} at step ${row.best.step}`,
    row.interestCosine === undefined ? '-' : row.interestCosine.toFixed(3),
    row.engine ?? row.backend ?? '-',
  ])
  return align([
    ['', 'steps', 'training', 'scanned', 'per query', 'validation R@50', 'vectors alike', 'done by'],
    ...body,
  ])
}

/** How an index was asked: `groups of rows, 1 probe`. */
export function pointName({ engine, probes }: IndexPoint): string {
  if (probes === 0) return 'whole catalogue, exact'
  return `${engine}, ${probes} ${probes === 1 ? 'probe' : 'probes'}`
}

/** The index beside the exact answer: search alone, the interests being there. */
export function indexText(rows: readonly RowResult[]): string {
  const labels = labelsOf(rows)
  const body = rows.flatMap((row, r) =>
    (row.index ?? []).map((point) => [
      `${labels[r]}: ${pointName(point)}`,
      percent(point.scanned),
      percent(point.recallOfExact),
      `${Math.round(point.microsecondsPerQuery)} µs`,
    ]),
  )
  return body.length === 0 ? '' : align([['', 'scanned', 'of the exact top 50', 'per query'], ...body])
}

/** Health of the codes over the items, per level. */
export function codebookText(rows: readonly RowResult[]): string {
  const labels = labelsOf(rows)
  return rows
    .flatMap(({ codebook }, r) =>
      (codebook?.levels ?? []).map(
        (level, l) =>
          `${labels[r]}, level ${l + 1}: ${percent(level.usage)} of ${level.size} codes used, perplexity ${level.perplexity.toFixed(1)}, largest ${percent(level.largest)}`,
      ),
    )
    .join('\n')
}
