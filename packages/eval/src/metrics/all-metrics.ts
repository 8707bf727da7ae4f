import { InvalidInputError, suggest } from '@sparc/tables'
import { hitRate, map, mrr, precision, recall } from './accuracy.ts'
import { coOccurrenceDiversity } from './co-occurrence.ts'
import { categoryDiversity, leafDiversity } from './diversity.ts'
import { coverage, gini } from './exposure.ts'
import type { Metric } from './metric.ts'
import { ndcg, ndcgOverHits } from './ndcg.ts'
import { novelty, popularityLift } from './popularity.ts'

const accuracy = { recall, ndcg, hitRate, precision, mrr, map, ndcgOverHits }
const beyond = { coverage, gini, leafDiversity, categoryDiversity, coOccurrenceDiversity, novelty, popularityLift }
const makers: Record<string, (k: number) => Metric> = { ...accuracy, ...beyond }

/** The names that `parseMetric` knows, without K. */
export const metricNames: readonly string[] = Object.keys(makers)

/** Each maker at each K, by maker: `atEach([10, 50], [recall, ndcg])` is recall@10, recall@50, ndcg@10, ndcg@50. */
export function atEach(ks: number[], of: ((k: number) => Metric)[]): Metric[] {
  return of.flatMap((maker) => ks.map((k) => maker(k)))
}

/** Every accuracy metric at every K; K defaults to 10, 20, 50, 100. */
export function accuracyMetrics(ks: number[] = [10, 20, 50, 100]): Metric[] {
  return atEach(ks, Object.values(accuracy))
}

/** Every metric of the package at every K. Those of popularity and co-occurrence need `train`. */
export function allMetrics(ks: number[] = [10, 20, 50, 100]): Metric[] {
  return atEach(ks, Object.values(makers))
}

/**
 * `parseMetric('recall@50')` is `recall(50)`.
 * @throws InvalidInputError UNKNOWN_METRIC, with the nearest name.
 */
export function parseMetric(text: string): Metric {
  const [, name, k] = /^([A-Za-z]+)@(\d+)$/.exec(text.trim()) ?? []
  const maker = name === undefined ? undefined : makers[name]
  if (maker) return maker(Number(k))
  const near = suggest(name ?? text, [...metricNames])
  throw new InvalidInputError('UNKNOWN_METRIC', {
    what: 'This is not the name of a metric',
    given: text,
    allowed: `NAME@K with a NAME of ${metricNames.join(', ')}`,
    next: near ? `Did you mean ${near}@${k ?? 50}?` : 'Write recall@50, for example',
  })
}
