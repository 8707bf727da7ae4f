import type { Column } from './data.ts'

/** What the names of the columns of a leaderboard mean, in one line. */
export function columnNames(columns: readonly Column[]): string {
  const named = columns.flatMap(({ about }) => about ?? [])
  return ['R: recall, N: NDCG, HR: hit rate of the first so many', ...named].join('; ')
}

/** What the marks and the columns of a leaderboard in Markdown mean, in one line. */
export function legend(columns: readonly Column[], rows: readonly { seeds: number }[], unranked: number): string {
  const marks = [
    ...(rows.some(({ seeds }) => seeds > 1) ? ['\u00b1: standard deviation over seeds'] : []),
    '**bold**: best of its column, <ins>underlined</ins>: second best',
    ...(unranked > 0 ? ['rows with fewer seeds than others are not marked'] : []),
  ]
  return `${[...marks, columnNames(columns)].join('; ')}.`
}
