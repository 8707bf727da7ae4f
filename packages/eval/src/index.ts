export type { Dataset, PreparationCounts, PreparationOptions, PublishedSplit } from './dataset.ts'
export { fingerprint } from './dataset.ts'
export type { EvaluationFiles, EvaluationInput } from './files/read-evaluation.ts'
export { readEvaluation } from './files/read-evaluation.ts'
export { makeDataset } from './make-dataset.ts'
export { hitRate, map, mrr, precision, recall } from './metrics/accuracy.ts'
export { accuracyMetrics, allMetrics, atEach, metricNames, parseMetric } from './metrics/all-metrics.ts'
export type { Catalogue } from './metrics/catalogue.ts'
export { coOccurrenceDiversity } from './metrics/co-occurrence.ts'
export { categoryDiversity, leafDiversity } from './metrics/diversity.ts'
export { dropSeen } from './metrics/drop-seen.ts'
export type { Estimate } from './metrics/estimate.ts'
export { type EvaluateOptions, evaluate } from './metrics/evaluate.ts'
export { coverage, gini } from './metrics/exposure.ts'
export type { CaseScorer, Metric, MetricContext, MetricFamily, OverallScorer, RankedCase } from './metrics/metric.ts'
export { metricAt } from './metrics/metric.ts'
export { ndcg, ndcgOverHits } from './metrics/ndcg.ts'
export { novelty, popularityLift } from './metrics/popularity.ts'
export type { InputCounts, Report, SliceReport } from './metrics/report.ts'
export type { Slice, SliceContext, SliceGroup } from './metrics/slices.ts'
export {
  caseColumn,
  category,
  coldUsers,
  historyLength,
  itemColumn,
  longTail,
  newItems,
  popularityGroups,
  shortHistory,
  standardSlices,
} from './metrics/slices.ts'
export type {
  Leaderboard,
  LeaderboardCell,
  LeaderboardOptions,
  LeaderboardReport,
  LeaderboardRow,
} from './report/leaderboard.ts'
export { leaderboard } from './report/leaderboard.ts'
export type { CompareOptions, Comparison } from './significance/compare.ts'
export { caseScores, compare } from './significance/compare.ts'
export { holm } from './significance/holm.ts'
export type { BootstrapOptions } from './significance/paired-bootstrap.ts'
export { pairedBootstrap } from './significance/paired-bootstrap.ts'
export type { SeedOptions, SeedScores, TestResult } from './significance/paired-scores.ts'
export type { TTestOptions, TTestResult } from './significance/paired-t.ts'
export { pairedT } from './significance/paired-t.ts'
export { checkLeaks, findLeaks, type Leak } from './splits/check-leaks.ts'
export { type SplitLeaveOneOutOptions, splitLeaveOneOut } from './splits/leave-one-out.ts'
export type { Split } from './splits/split.ts'
export { type SplitByTimeOptions, splitByTime, type TimeSplit } from './splits/split-by-time.ts'
export { type SplitByUserOptions, splitByUser } from './splits/split-by-user.ts'
export { toSequences } from './splits/to-sequences.ts'
