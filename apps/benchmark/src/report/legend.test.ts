import { expect, it } from 'vitest'
import { legend } from './legend.ts'

const column = (key: string) => ({ key, label: key, better: 'higher' as const })

it('says what the marks and the slices of a table mean, and nothing of what it has not', () => {
  const all = legend([column('recall@50'), column('long-tail/recall@50')], [{ seeds: 3 }, { seeds: 1 }], 1)
  expect(all).toMatch(/^\u00b1: .*seeds; \*\*bold\*\*.*<ins>underlined<\/ins>.*fewer seeds.*R: recall.*LT: .*\.$/)
  const few = legend([column('recall@50'), column('cold-users/ndcg@50')], [{ seeds: 1 }], 0)
  expect(few).toMatch(/^\*\*bold.*cold: only users/)
  expect(few).not.toMatch(/\u00b1|fewer|LT/)
})
