import type { Table } from 'apache-arrow'
import type { Estimate } from './estimate.ts'
import type { MetricFamily } from './metric.ts'

/** What the evaluation met on its way; `notes` of the report say the same in words. */
export interface InputCounts {
  /** Rows of the cases table. */
  cases: number
  /** Cases without a list: they count as misses. */
  missingUsers: number
  /** Recommendations of users that no case has: left out. */
  unknownUsers: number
  /** Cases without targets: left out of all accuracy metrics. */
  withoutTargets: number
  /** Lists shorter than the largest K: their empty places are misses. */
  shortLists: number
  /** Lists with an item twice, where `duplicates` is 'dedupe'. */
  dedupedLists: number
  /** Recommended items outside of the catalogue, where `outside` is 'miss'. */
  unknownItems: number
  /** Targets outside of the catalogue, where `outside` is 'miss'. */
  unknownTargets: number
}

/** One slice of a report. */
export interface SliceReport {
  /** Cases in the slice (of a slice of targets: cases with at least one such target). */
  cases: number
  metrics: Record<string, Estimate>
}

/** What `evaluate` returns. Everything but `perCase` is plain JSON. */
export interface Report {
  /** Names of the metrics, in the order asked for. */
  names: string[]
  /** Which way is better, by metric name. */
  better: Record<string, MetricFamily['better']>
  /** Metric name (`recall@50`) to its mean over cases. */
  metrics: Record<string, Estimate>
  slices: Record<string, SliceReport>
  confidence: number
  input: InputCounts
  /** Sentences about the input that a reader of the numbers should know. Empty where all is plain. */
  notes: string[]
  /**
   * One row per case: `user`, `history` and `targets` (how many), a column per metric, for each slice of targets a column
   * `<slice>/<metric>`, for each slice of cases a column `<slice>` of true and false. Null where a metric says nothing of a
   * case. Absent with `perCase: false`.
   */
  perCase?: Table
}

export function emptyCounts(cases: number): InputCounts {
  return {
    cases,
    missingUsers: 0,
    unknownUsers: 0,
    withoutTargets: 0,
    shortLists: 0,
    dedupedLists: 0,
    unknownItems: 0,
    unknownTargets: 0,
  }
}

/** The notes of a report. */
export function notesOf(input: InputCounts): string[] {
  const of = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`)
  const notes: string[] = []
  const say = (count: number, one: string, many: string) => {
    if (count > 0) notes.push(of(count, one, many))
  }
  say(input.missingUsers, 'case has no list: it counts as a miss.', 'cases have no list: they count as misses.')
  say(input.unknownUsers, 'list is of a user without a case: left out.', 'lists are of users without a case: left out.')
  say(input.withoutTargets, 'case has no targets: left out.', 'cases have no targets: left out.')
  say(input.shortLists, 'list is shorter than the largest K.', 'lists are shorter than the largest K.')
  say(input.dedupedLists, 'list had an item twice: first place kept.', 'lists had an item twice: first places kept.')
  say(input.unknownItems, 'place has an item outside of the catalogue.', 'places have items outside of the catalogue.')
  say(input.unknownTargets, 'target is outside of the catalogue.', 'targets are outside of the catalogue.')
  return notes
}
