import {
  categoryDiversity,
  coldUsers,
  coOccurrenceDiversity,
  coverage,
  evaluate,
  gini,
  hitRate,
  leafDiversity,
  longTail,
  type Metric,
  map,
  mrr,
  ndcg,
  ndcgOverHits,
  newItems,
  novelty,
  popularityLift,
  precision,
  type Report,
  recall,
  shortHistory,
} from '@sparc/eval'
import type { Table } from 'apache-arrow'
import type { Values } from '../run-folder/results.ts'

/** List lengths that are measured. */
export const cutoffs = [10, 20, 50, 100]

/** What lists are measured on. */
export interface Bench {
  items: Table
  train: Table
  cases: Table
}

const accuracy = [recall, ndcg, hitRate, precision, mrr, map, ndcgOverHits]
const beyond = [coverage, gini, leafDiversity, categoryDiversity, coOccurrenceDiversity, novelty, popularityLift]

/** Names of all metrics without their K. */
export const metricNames = [...accuracy, ...beyond].map((metric) => metric(1).name.replace(/@1$/, ''))

function metrics(): Metric[] {
  return cutoffs.flatMap((k) => [...accuracy, ...beyond].map((metric) => metric(k)))
}

/**
 * Fifth stage: one set of lists against what the test users did next, with long-tail items, cold users, users of short
 * histories and new items apart.
 */
export function measure(lists: Table, bench: Bench, perCase: boolean): Report {
  return evaluate(lists, bench.cases, {
    metrics: metrics(),
    items: bench.items,
    train: bench.train,
    slices: [longTail(), coldUsers(), shortHistory(), newItems()],
    perCase,
  })
}

/** A report as plain numbers: `recall@50`, and with the slice in front `long-tail/recall@50`. */
export function valuesOf(report: Report): Values {
  const values: Values = {}
  for (const name of report.names) values[name] = report.metrics[name]?.mean ?? null
  for (const [slice, { metrics: sliced }] of Object.entries(report.slices)) {
    for (const [name, estimate] of Object.entries(sliced)) values[`${slice}/${name}`] = estimate.mean
  }
  return values
}
