import type { RowResult } from '../run-folder/results.ts'
import type { Column } from './data.ts'

/**
 * The columns of the leaderboard, most telling first. The last two are for a synthetic world, whose truth is known.
 */
const all: Column[] = [
  { key: 'recall@10', label: 'R@10', better: 'higher' },
  { key: 'ndcg@10', label: 'N@10', better: 'higher' },
  { key: 'recall@20', label: 'R@20', better: 'higher' },
  { key: 'ndcg@20', label: 'N@20', better: 'higher' },
  { key: 'hitRate@20', label: 'HR@20', better: 'higher' },
  { key: 'recall@50', label: 'R@50', better: 'higher' },
  { key: 'ndcg@50', label: 'N@50', better: 'higher' },
  { key: 'hitRate@50', label: 'HR@50', better: 'higher' },
  {
    key: 'coverage@50',
    label: 'cov@50',
    better: 'higher',
    about: 'cov: share of the catalogue in anybody\u2019s first 50',
  },
  {
    key: 'leafDiversity@50',
    label: 'div@50',
    better: 'higher',
    about: 'div: share of pairs in a list whose leaf categories differ',
  },
  {
    key: 'coOccurrenceDiversity@50',
    label: 'co-div@50',
    better: 'higher',
    about: 'co-div: 1 - cosine of pairs in a list by training co-occurrence',
  },
  {
    key: 'long-tail/recall@50',
    label: 'LT-R@50',
    better: 'higher',
    about: 'LT: only targets outside the fifth of the items that training has most',
  },
  {
    key: 'cold-users/ndcg@50',
    label: 'cold N@50',
    better: 'higher',
    about: 'cold: only users with 5 to 10 interactions, targets among them',
  },
  {
    key: 'history<=4/ndcg@50',
    label: 'short N@50',
    better: 'higher',
    about: 'short: only users with at most 4 known interactions',
  },
  {
    key: 'new-items/recall@50',
    label: 'new-R@50',
    better: 'higher',
    about: 'new: only targets that nobody had in training',
  },
  {
    key: 'future-interests/recall@50',
    label: 'future@50',
    better: 'higher',
    about: 'future: share of the interests a user is going to have that the list serves',
  },
  {
    key: 'fresh-interests/precision@50',
    label: 'fresh@50',
    better: 'higher',
    about: 'fresh: share of the list that is of such interests which nothing in the log shows yet',
  },
]

/** The label of a metric in a leaderboard; the metric itself where no leaderboard has it. */
export function labelOf(key: string): string {
  return all.find((column) => column.key === key)?.label ?? key
}

/** What published tables of either protocol do not have; new items are many where the future is held back only. */
const unusual: Record<string, readonly string[]> = {
  'by-user': ['recall@10', 'ndcg@10', 'new-items/recall@50'],
  'by-time': ['recall@10', 'ndcg@10'],
  'leave-one-out': ['recall@20', 'ndcg@20', 'hitRate@20', 'hitRate@50', 'new-items/recall@50'],
}

/**
 * The columns for a split that most of the rows have a value in: one that is newer than most rows would be nearly empty. `metrics.csv` of
 * an export has them all.
 */
export function columnsOf(rows: readonly RowResult[], split: string): Column[] {
  const known = (key: string) => rows.filter((row) => typeof row.metrics.filtered[key] === 'number').length
  return all.filter(({ key }) => !unusual[split]?.includes(key) && 2 * known(key) > rows.length)
}
