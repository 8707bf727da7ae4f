import { readSequences, row } from '@sparc/tables'
import { expect, test } from 'vitest'
import { folder, log } from '../datasets/folder.fixture.ts'
import { readDataset } from '../datasets/index.ts'
import { splitByUser } from './split-by-user.ts'
import { toSequences } from './to-sequences.ts'

test('everybody is there, as the split has those it trains on', async () => {
  const dataset = await readDataset({ directory: await folder({ 'interactions.csv': `${log(30, 6, 20)}lone,i1,5\n` }) })
  const all = readSequences(toSequences(dataset))
  const { train } = splitByUser(dataset)
  const kept = readSequences(train)
  expect(all.users).toHaveLength(31)
  expect(all.users).toContain('lone')
  expect([all.itemsKey, all.timestamps !== undefined]).toEqual([kept.itemsKey, true])
  for (const [r, user] of kept.users.entries())
    expect(row(all.items, all.users.indexOf(user))).toEqual(row(kept.items, r))
})
