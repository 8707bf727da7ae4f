import type { Column } from './data.ts'

/** What each column is, by its key; what is not named here says it by its label. */
const meanings: Readonly<Record<string, string>> = {
  'coverage@50': 'cov: share of the catalogue in anybody\u2019s first 50',
  'leafDiversity@50': 'div: share of pairs in a list whose leaf categories differ',
  'coOccurrenceDiversity@50': 'co-div: 1 - cosine of pairs in a list by training co-occurrence',
  'long-tail/recall@50': 'LT: only targets outside the fifth of the items that training has most',
  'cold-users/ndcg@50': 'cold: only users with 5 to 10 interactions, targets among them',
  'history<=4/ndcg@50': 'short: only users with at most 4 known interactions',
  'new-items/recall@50': 'new: only targets that nobody had in training',
  'future-interests/recall@50': 'future: share of the interests a user is going to have that the list serves',
  'fresh-interests/recall@50': 'fresh: of those the ones that nothing in the log shows yet',
}

/** What the marks and the columns of a leaderboard in Markdown mean, in one line. */
export function legend(columns: readonly Column[], rows: readonly { seeds: number }[], unranked: number): string {
  const marks = [
    ...(rows.some(({ seeds }) => seeds > 1) ? ['\u00b1: standard deviation over seeds'] : []),
    '**bold**: best of its column, <ins>underlined</ins>: second best',
    ...(unranked > 0 ? ['rows with fewer seeds than others are not marked'] : []),
  ]
  const named = columns.flatMap(({ key }) => meanings[key] ?? [])
  return `${[...marks, 'R: recall, N: NDCG, HR: hit rate of the first so many', ...named].join('; ')}.`
}
