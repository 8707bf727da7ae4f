import { expect, it } from 'vitest'
import type { RowResult } from '../run-folder/results.ts'
import { columnsOf } from './columns.ts'
import { leaderboardHtml } from './leaderboard.ts'
import { legend } from './legend.ts'
import { madeUp } from './report.fixture.ts'

/** The column of a table of one row that has nothing else. */
function column(key: string) {
  const values = { [key]: 0.5 }
  return columnsOf([{ metrics: { filtered: values, unfiltered: values } } as unknown as RowResult], 'by-user')[0]
}

it('says what the marks and the slices of a table mean, and nothing of what it has not', () => {
  const all = legend([column('recall@50'), column('long-tail/recall@50')], [{ seeds: 3 }, { seeds: 1 }], 1)
  expect(all).toMatch(/^\u00b1: .*seeds; \*\*bold\*\*.*<ins>underlined<\/ins>.*fewer seeds.*R: recall.*LT: .*\.$/)
  const few = legend([column('recall@50'), column('cold-users/ndcg@50')], [{ seeds: 1 }], 0)
  expect(few).toMatch(/^\*\*bold.*cold: only users/)
  expect(few).not.toMatch(/\u00b1|fewer|LT/)
})

it('says what the fresh interests of a synthetic world are, as it does of every slice', () => {
  for (const key of ['fresh-interests/precision@50', 'future-interests/recall@50', 'history<=4/ndcg@50']) {
    expect(legend([column(key)], [{ seeds: 1 }], 0)).toMatch(/first so many; (fresh|future|short): .+\.$/)
  }
})

it('stands below the leaderboard of a page too', () => {
  const columns = [column('long-tail/recall@50'), column('coOccurrenceDiversity@50')]
  const page = leaderboardHtml({ ...madeUp.runs[0], columns })
  expect(page).toMatch(/R: recall, .*LT: only targets.*co-div: 1 - cosine of pairs/)
})
