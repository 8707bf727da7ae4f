import { join } from 'node:path'
import { readInteractions, readItems } from '@sparc/tables'
import { expect, test } from 'vitest'
import { folder } from './folder.fixture.ts'
import { importAmazon } from './index.ts'

const ANN = 'A2SUAM1J3GNN3B'
const BOB = 'AGKASBHYZPGTEPO6LWZPVJWB2BVA'
const [SOAP, COMB] = ['B004756YJA', '7806397051']
const ROWS: [user: string, item: string, rating: number, seconds: number][] = [
  [ANN, SOAP, 5, 1_390_000_000],
  [ANN, COMB, 2, 1_391_000_000],
  [BOB, COMB, 4, 1_392_000_000],
]
const USER_FIRST = ROWS.map(([u, i, r, t]) => `${u},${i},${r}.0,${t}`).join('\n')
const ITEM_FIRST = ROWS.map(([u, i, r, t]) => `${i},${u},${r}.0,${t}`).join('\n')
const MILLISECONDS = `user_id,parent_asin,rating,timestamp\n${ROWS.map(([u, i, r, t]) => `${u},${i},${r}.0,${t}000`).join('\n')}`
const REVIEWS = ROWS.map(([reviewerID, asin, overall, unixReviewTime]) =>
  JSON.stringify({ reviewerID, asin, overall, unixReviewTime, reviewText: 'It "works", mostly.\nYes.' }),
).join('\n')
const LOOSE = ROWS.map(
  ([user, item, rating, time]) =>
    `{'reviewerID': '${user}', 'asin': '${item}', 'helpful': [0, 1], 'reviewText': "It's \\"fine\\"", 'overall': ${rating}.0, 'unixReviewTime': ${time}}`,
).join('\n')
const REVIEWS_2023 = ROWS.map(([user_id, parent_asin, rating, t]) =>
  JSON.stringify({
    rating,
    title: 'x',
    text: 'y',
    images: [],
    asin: 'B0OTHER',
    parent_asin,
    user_id,
    timestamp: t * 1000,
  }),
).join('\n')

test.each([
  ['2014', 'ratings', 'ratings_Beauty.csv', USER_FIRST],
  ['2014', 'ratings', 'swapped.csv', ITEM_FIRST],
  ['2014', 'reviews', 'reviews_Beauty_5.json.gz', REVIEWS],
  ['2014', 'reviews', 'reviews_Beauty.json.gz', LOOSE],
  ['2018', 'ratings', 'All_Beauty.csv', ITEM_FIRST],
  ['2018', 'reviews', 'All_Beauty_5.json.gz', REVIEWS],
  ['2023', 'ratings', 'All_Beauty.csv.gz', MILLISECONDS],
  ['2023', 'reviews', 'All_Beauty.jsonl.gz', REVIEWS_2023],
] as const)('release %s: %s in the format of %s', async (release, kind, file, content) => {
  const directory = await folder({ [file]: `${content}\n` })
  const dataset = await importAmazon({ release, [kind]: join(directory, file) })
  const { userIds, users, items, timestamps } = readInteractions(dataset.interactions)
  expect(userIds).toEqual([ANN, BOB])
  expect(readItems(dataset.items).ids).toEqual([SOAP, COMB])
  expect([[...users], [...items]]).toEqual([
    [0, 0, 1],
    [0, 1, 1],
  ])
  expect([...(timestamps ?? [])]).toEqual(ROWS.map(([, , , seconds]) => seconds * 1000))
  expect((await importAmazon({ release, [kind]: join(directory, file), minRating: 3 })).counts.filtered).toBe(1)
})

test.each([
  [
    '2014',
    `{'asin': '${SOAP}', 'title': "Lily's soap", 'brand': 'Opi', 'salesRank': {'Beauty': 5}, 'categories': [['Beauty', 'Bath'], ['Gifts']]}
{'asin': '${COMB}', 'imUrl': 'http://x', 'categories': [['Beauty', 'Hair']]}`,
  ],
  [
    '2018',
    `{"asin": "${SOAP}", "title": "Lily's soap", "brand": "Opi", "category": ["Beauty", "Bath", "</span></span>"]}
{"asin": "${COMB}", "title": "var aPageStart = (new Date()).getTime();", "brand": "", "category": ["Beauty", "Hair"]}`,
  ],
  [
    '2023',
    `{"parent_asin": "${SOAP}", "main_category": "All Beauty", "title": "Lily's soap", "store": "Opi", "categories": ["Beauty", "Bath"]}
{"parent_asin": "${COMB}", "title": "", "store": null, "categories": ["Beauty", "Hair"]}`,
  ],
] as const)('metadata of release %s', async (release, metadata) => {
  const foreign = metadata.replaceAll(SOAP, 'B000000001').replaceAll(COMB, 'B000000002')
  const directory = await folder({
    'meta.json.gz': `${foreign}\n${metadata}\n`,
    'a.csv': release === '2023' ? MILLISECONDS : USER_FIRST,
  })
  const { items } = await importAmazon({
    release,
    ratings: join(directory, 'a.csv'),
    metadata: join(directory, 'meta.json.gz'),
  })
  const read = readItems(items)
  expect(read.strings('title')).toEqual(["Lily's soap", null])
  expect(read.strings('brand')).toEqual(['Opi', null])
  expect(read.lists('categories')).toEqual([
    ['Beauty', 'Bath'],
    ['Beauty', 'Hair'],
  ])
})

test('an item without a path has its main category in the 2023 release', async () => {
  const meta = `{"parent_asin": "${SOAP}", "main_category": "All Beauty", "categories": []}`
  const directory = await folder({ 'meta.jsonl': meta, 'a.csv': MILLISECONDS })
  const { items } = await importAmazon({
    release: '2023',
    ratings: join(directory, 'a.csv'),
    metadata: join(directory, 'meta.jsonl'),
  })
  expect(readItems(items).lists('categories')).toEqual([['All Beauty'], []])
})

test('broken metadata lines are counted and named; within the share they are a note', async () => {
  const good = `{'asin': '${SOAP}', 'categories': [['Beauty']]}\n`
  const directory = await folder({
    'meta.json': `${good.repeat(5)}{'asin': \n\n{'title': 'x'}\n${good}`,
    'a.csv': USER_FIRST,
  })
  const options = {
    release: '2014' as const,
    ratings: join(directory, 'a.csv'),
    metadata: join(directory, 'meta.json'),
  }
  await expect(importAmazon(options)).rejects.toThrow(/2 of 8 lines of meta.json .*line 6 .*line 8 \(no item id\)/)
  const { notes } = await importAmazon({ ...options, maxBroken: 0.5 })
  expect(notes.join()).toContain('2 of 8 lines of meta.json could not be read and were left out')
})

test('broken lines among reviews in Python literals are counted and named', async () => {
  const directory = await folder({ 'reviews.json': `${LOOSE}\n{'reviewerID': 'A', 'asin':\n{'asin': 'B'}\n` })
  const options = { release: '2014' as const, reviews: join(directory, 'reviews.json') }
  await expect(importAmazon(options)).rejects.toThrow(
    /2 of 5 lines .*line 4 .*line 5 \(no reviewerID, asin or unixReviewTime\)/,
  )
  expect((await importAmazon({ ...options, maxBroken: 0.5 })).counts).toMatchObject({
    read: 5,
    broken: 2,
    interactions: 3,
  })
})

test('ratings and reviews exclude each other, and one is needed', async () => {
  await expect(importAmazon({ release: '2014' })).rejects.toMatchObject({ code: 'ONE_SOURCE' })
  await expect(importAmazon({ release: '2014', ratings: 'a', reviews: 'b' })).rejects.toMatchObject({
    code: 'ONE_SOURCE',
  })
})
