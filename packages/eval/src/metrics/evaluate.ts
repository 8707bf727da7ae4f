import { checkItemsKey, InvalidInputError, parseOptions, readCases, readRecommendations } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { z } from 'zod'
import { caseRanking } from './case-ranking.ts'
import { readCatalogue } from './catalogue.ts'
import { groupScores } from './group-scores.ts'
import { rowMatcher } from './match-rows.ts'
import type { Metric } from './metric.ts'
import { perCaseTable } from './per-case-table.ts'
import { planMetrics } from './plan.ts'
import { type ListPolicy, listReader, noList } from './ranked-list.ts'
import { emptyCounts, type InputCounts, notesOf, type Report } from './report.ts'
import { type Slice, standardSlices } from './slices.ts'

/** What to measure, and how to read the input. */
export interface EvaluateOptions extends Partial<ListPolicy> {
  metrics: Metric[]
  /** The items table, or just how many items there are (then there are no categories). */
  items: Table | number
  /** What the model was fitted on, a sequences or interactions table: popularity, long tail and co-occurrence need it. */
  train?: Table
  /** Defaults to `standardSlices()`; `[]` for none. */
  slices?: Slice[]
  /** Confidence of the intervals, .95 by default. */
  confidence?: number
  /**
   * 'rows': row r of the recommendations is of row r of the cases. 'users': by user, each at most once. 'auto', the
   * default: rows where the users are the same in the same order, else users.
   */
  match?: 'auto' | 'rows' | 'users'
  /** Whether to keep the value of each metric for each case, `true` by default. */
  perCase?: boolean
}

const schema = z.strictObject({
  metrics: z.array(z.custom<Metric>()),
  items: z.custom<Table | number>((value) => value !== undefined, 'the items table, or how many items there are'),
  train: z.custom<Table>().optional(),
  slices: z.array(z.custom<Slice>()).default(standardSlices),
  confidence: z.number().positive().lt(1).default(0.95),
  match: z.enum(['auto', 'rows', 'users']).default('auto'),
  perCase: z.boolean().default(true),
  duplicates: z.enum(['error', 'dedupe']).default('error'),
  unsorted: z.enum(['error', 'sort', 'keep']).default('error'),
  outside: z.enum(['error', 'miss']).default('error'),
})

/**
 * Measures recommendations against what people did next.
 *
 * A list shorter than K has misses at its empty places; a case without a list is a miss and is counted in
 * `report.input`; a case without targets is left out; targets are a set. What a bad list does is said by `duplicates`,
 * `unsorted` and `outside`, all 'error' by default.
 *
 * @param recommendations one table, or several that follow each other (to hold only one in memory at a time)
 * @throws InvalidInputError DUPLICATE_ITEM, UNSORTED_SCORES, NAN_SCORE, ITEM_OUT_OF_RANGE, ROWS_DO_NOT_LINE_UP,
 * DUPLICATE_USER, NO_USER_MATCHES, ITEMS_MISMATCH, MISSING_TRAIN, NO_METRICS
 *
 * ```ts
 * const report = evaluate(found, test, { metrics: [recall(50), ndcg(50)], items, train })
 * report.metrics['recall@50'].mean
 * ```
 */
export function evaluate(recommendations: Table | Iterable<Table>, cases: Table, options: EvaluateOptions): Report {
  const given = parseOptions(schema, options, 'options of evaluate')
  const policy: ListPolicy = given
  const names = given.metrics.map((metric) => metric.name)
  const { users, history, seen, targets, itemsKey } = readCases(cases)
  const catalogue = readCatalogue(given.items, given.train)
  checkItemsKey(catalogue.itemsKey, itemsKey, 'The cases table')
  const plan = planMetrics(given.metrics, { catalogue, history })
  const context = { catalogue, history, seen, targets, cases }
  const groups = given.slices.flatMap((slice) => slice(context))
  const scores = groupScores(plan, groups, users.length, given.perCase)
  const input = emptyCounts(users.length)
  const rank = caseRanking({ users, targets, size: catalogue.size, depth: plan.depth, outside: policy.outside, input })
  const matcher = rowMatcher(users, given.match)
  const listed = new Uint8Array(users.length)

  for (const table of 'numRows' in recommendations ? [recommendations] : recommendations) {
    const found = readRecommendations(table)
    checkItemsKey(catalogue.itemsKey, found.itemsKey, 'The recommendations table')
    const rows = matcher.match(found.users)
    const lists = listReader(found.items, found.scores, catalogue.size, policy, input)
    for (let row = 0; row < rows.length; row++) {
      lists.read(row, found.users[row])
      if (rows[row] < 0) {
        input.unknownUsers++
        continue
      }
      listed[rows[row]] = 1
      if (lists.length < plan.depth) input.shortLists++
      scores.add(rank(rows[row], lists))
    }
  }
  for (let row = 0; row < users.length; row++) {
    if (listed[row] === 1) continue
    input.missingUsers++
    scores.add(rank(row, noList))
  }
  checkSomebodyMatched(input)
  const lists = users.length - input.missingUsers
  const { metrics, slices } = scores.summary(names, plan.finish(), given.confidence, lists)
  return {
    names,
    better: Object.fromEntries(given.metrics.map((metric) => [metric.name, metric.family.better])),
    metrics,
    slices,
    confidence: given.confidence,
    input,
    notes: notesOf(input),
    perCase: scores.columns && perCaseTable(cases, { history: seen, targets }, scores.columns),
  }
}

/** Users of other ids altogether are a mistake, not a low score. */
function checkSomebodyMatched({ cases, missingUsers, unknownUsers }: InputCounts): void {
  if (unknownUsers === 0 || missingUsers < cases) return
  throw new InvalidInputError('NO_USER_MATCHES', {
    what: 'Not one user of the recommendations is a user of the cases',
    given: `${unknownUsers} lists and ${cases} cases`,
    next: 'Compare the user ids of the two tables; prefixes and number formats are the usual reason',
  })
}
