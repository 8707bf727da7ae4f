import { InvalidInputError } from '@sparc/tables'
import type { CaseScorer, Metric, MetricContext, MetricFamily, OverallScorer, RankedCase } from './metric.ts'

/** The metrics of one evaluation, ordered so that all K of a family are computed in one walk down the list. */
export interface MetricPlan {
  /** Names of the columns that `scoreTargets` (first) and `scoreList` (behind them) fill. */
  readonly columns: string[]
  /** The first so many columns compare with targets. */
  readonly targetColumns: number
  /** The deepest K. */
  readonly depth: number
  scoreTargets(ranked: RankedCase, out: Float64Array): void
  /** Also feeds the metrics that look at all lists together. */
  scoreList(ranked: RankedCase, out: Float64Array): void
  /** Values of the metrics that look at all lists together. */
  finish(): Map<string, number>
}

/** @throws InvalidInputError NO_METRICS, DUPLICATE_METRIC, MISSING_TRAIN */
export function planMetrics(metrics: Metric[], context: MetricContext): MetricPlan {
  if (metrics.length === 0) {
    throw new InvalidInputError('NO_METRICS', {
      what: 'There is nothing to measure',
      given: 'no metrics',
      next: 'Pass metrics: [recall(50), ndcg(50)], for example',
    })
  }
  const families = byFamily(metrics)
  const columns: string[] = []
  const scorers = { targets: [] as [CaseScorer, number][], list: [] as [CaseScorer, number][] }
  const overall: { scorer: OverallScorer; names: string[] }[] = []
  for (const looksAt of ['targets', 'list'] as const) {
    for (const [family, ks] of families) {
      if (family.looksAt !== looksAt) continue
      if (family.needsTrain && !context.catalogue.hasTrain) throw needsTrain(family.name)
      const names = ks.map((k) => `${family.name}@${k}`)
      if (family.perCase) {
        scorers[looksAt].push([family.perCase(ks, context), columns.length])
        columns.push(...names)
      }
      if (family.overall) overall.push({ scorer: family.overall(ks, context), names })
    }
  }
  const isTarget = new Set(metrics.filter((metric) => metric.family.looksAt === 'targets').map((metric) => metric.name))
  return {
    columns,
    targetColumns: columns.filter((name) => isTarget.has(name)).length,
    depth: Math.max(...metrics.map((metric) => metric.k)),
    scoreTargets(ranked, out) {
      for (const [scorer, at] of scorers.targets) scorer(ranked, out, at)
    },
    scoreList(ranked, out) {
      for (const [scorer, at] of scorers.list) scorer(ranked, out, at)
      for (const { scorer } of overall) scorer.add(ranked)
    },
    finish() {
      return new Map(overall.flatMap(({ scorer, names }) => scorer.finish().map((value, j) => [names[j], value])))
    },
  }
}

function byFamily(metrics: Metric[]): Map<MetricFamily, number[]> {
  const families = new Map<MetricFamily, number[]>()
  const names = new Set<string>()
  for (const { name, k, family } of metrics) {
    if (names.has(name)) {
      throw new InvalidInputError('DUPLICATE_METRIC', {
        what: 'A metric is asked for twice',
        given: name,
        next: 'Remove one, or give families of your own different names',
      })
    }
    names.add(name)
    families.set(
      family,
      [...(families.get(family) ?? []), k].sort((a, b) => a - b),
    )
  }
  return families
}

function needsTrain(name: string): InvalidInputError {
  return new InvalidInputError('MISSING_TRAIN', {
    what: `${name} needs the training data, to know how popular items are`,
    given: 'no train table',
    next: 'Pass train: the sequences or interactions table that the model was fitted on',
  })
}
