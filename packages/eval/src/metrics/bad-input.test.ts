import { csr, makeCases, makeItems, makeRecommendations, makeSequences } from '@sparc/tables'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../error-code.fixture.ts'
import { hitRate, precision, recall } from './accuracy.ts'
import { parseMetric } from './all-metrics.ts'
import { leafDiversity } from './diversity.ts'
import { type EvaluateOptions, evaluate } from './evaluate.ts'
import { coverage } from './exposure.ts'
import { metricAt } from './metric.ts'
import { novelty } from './popularity.ts'

const four = { metrics: [recall(2), precision(4), coverage(2)], items: 4 }

function recommendations(users: string[], lists: number[][], scores?: number[]) {
  const items = csr(lists)
  return makeRecommendations({
    users,
    items,
    scores: scores ? Float32Array.from(scores) : Float32Array.from(items.values, (_, at) => -at),
  })
}

function cases(users: string[], targets: number[][]) {
  return makeCases({ users, history: csr(users.map(() => [])), targets: csr(targets) })
}

const two = cases(['ann', 'bob'], [[0], [1, 2]])

describe('users', () => {
  test('a case without a list is a miss, and the report says so', () => {
    const report = evaluate(recommendations(['bob'], [[1, 2]]), two, four)
    expect(report.metrics['recall@2'].mean).toBe(0.5)
    expect(report.input.missingUsers).toBe(1)
    expect(report.notes).toContain('1 case has no list: it counts as a miss.')
  })

  test('a list of a user without a case is left out of everything, and the report says so', () => {
    const report = evaluate(recommendations(['zoe', 'bob', 'ann'], [[3], [1, 2], [0]]), two, four)
    expect(report.metrics['recall@2'].mean).toBe(1)
    expect(report.metrics['coverage@2'].mean).toBe(0.75)
    expect(report.notes).toContain('1 list is of a user without a case: left out.')
  })

  test('users of other ids altogether are an error', () => {
    expect(codeOf(() => evaluate(recommendations(['u1', 'u2'], [[0], [1]]), two, four))).toBe('NO_USER_MATCHES')
  })

  test('the order of users does not matter, and repeated users line up by row', () => {
    const swapped = evaluate(recommendations(['bob', 'ann'], [[1], [0]]), two, four)
    expect(swapped.metrics['recall@2'].mean).toBe(0.75)
    const twice = cases(['ann', 'ann'], [[0], [1]])
    const report = evaluate(recommendations(['ann', 'ann'], [[0], [0]]), twice, four)
    expect(report.metrics['recall@2'].mean).toBe(0.5)
  })

  test('repeated users that do not line up are an error', () => {
    const twice = cases(['ann', 'ann', 'bob'], [[0], [1], [2]])
    expect(codeOf(() => evaluate(recommendations(['bob', 'ann', 'ann'], [[], [], []]), twice, four))).toBe(
      'DUPLICATE_USER',
    )
    expect(codeOf(() => evaluate(recommendations(['bob', 'bob'], [[], []]), two, four))).toBe('DUPLICATE_USER')
  })

  test("match: 'rows' refuses rows of other users", () => {
    const run = () => evaluate(recommendations(['bob', 'ann'], [[1], [0]]), two, { ...four, match: 'rows' })
    expect(codeOf(run)).toBe('ROWS_DO_NOT_LINE_UP')
  })

  test('several tables that follow each other are as good as one', () => {
    const whole = evaluate(recommendations(['ann', 'bob'], [[0], [3, 2]]), two, four)
    const parts = [recommendations(['ann'], [[0]]), recommendations(['bob'], [[3, 2]])]
    const { perCase: _, ...found } = evaluate(parts, two, four)
    expect(whole).toMatchObject(found)
  })
})

describe('lists', () => {
  test('an item twice is an error, or the first place is kept', () => {
    const found = recommendations(['ann', 'bob'], [[3, 3, 0], [1]])
    expect(codeOf(() => evaluate(found, two, four))).toBe('DUPLICATE_ITEM')
    const report = evaluate(found, two, { ...four, duplicates: 'dedupe' })
    expect(report.metrics['recall@2'].mean).toBe(0.75)
    expect(report.input.dedupedLists).toBe(1)
  })

  test('scores that rise are an error, or sorted, or not looked at', () => {
    const found = recommendations(['ann', 'bob'], [[3, 1, 0], [1]], [1, 2, 3, 1])
    expect(codeOf(() => evaluate(found, two, four))).toBe('UNSORTED_SCORES')
    expect(evaluate(found, two, { ...four, unsorted: 'sort' }).metrics['recall@2'].mean).toBe(0.75)
    expect(evaluate(found, two, { ...four, unsorted: 'keep' }).metrics['recall@2'].mean).toBe(0.25)
  })

  test('a score that is not a number is an error unless scores are not looked at', () => {
    for (const scores of [
      [Number.NaN, 1, 1],
      [1, Number.NaN, 1],
      [1, 2, Number.NaN],
    ]) {
      const found = recommendations(['ann', 'bob'], [[3, 0], [1]], scores)
      for (const unsorted of ['error', 'sort'] as const) {
        const code = codeOf(() => evaluate(found, two, { ...four, unsorted }))
        expect(['NAN_SCORE', 'UNSORTED_SCORES']).toContain(code)
      }
      expect(evaluate(found, two, { ...four, unsorted: 'keep' }).metrics['recall@2'].mean).toBe(0.75)
    }
  })

  test('equal scores keep the order that they were given in', () => {
    const report = evaluate(recommendations(['ann', 'bob'], [[3, 0], [1]], [1, 1, 1]), two, four)
    expect(report.metrics['recall@2'].mean).toBe(0.75)
  })

  test('a list shorter than K has misses at its empty places', () => {
    const report = evaluate(recommendations(['ann', 'bob'], [[0], []]), two, { ...four, metrics: [precision(4)] })
    expect(report.metrics['precision@4'].mean).toBe(0.125)
    expect(report.input.shortLists).toBe(2)
  })
})

describe('the catalogue', () => {
  test('recommended items and targets outside of it are an error, or misses', () => {
    const far = recommendations(['ann', 'bob'], [[9, 0], [1]])
    expect(codeOf(() => evaluate(far, two, four))).toBe('ITEM_OUT_OF_RANGE')
    const report = evaluate(far, two, { ...four, outside: 'miss' })
    expect(report.metrics['recall@2'].mean).toBe(0.75)
    expect(report.metrics['coverage@2'].mean).toBe(0.5)
    expect(report.input.unknownItems).toBe(1)

    const foreign = cases(['ann', 'bob'], [[0, 9, 9], [1]])
    const near = recommendations(['ann', 'bob'], [[0], [1]])
    expect(codeOf(() => evaluate(near, foreign, four))).toBe('ITEM_OUT_OF_RANGE')
    const missed = evaluate(near, foreign, { ...four, outside: 'miss' })
    expect(missed.metrics['recall@2'].mean).toBe(0.75)
    expect(missed.input.unknownTargets).toBe(1)
  })

  test('an item outside of it is not a hit where it is a target too', () => {
    const foreign = cases(['ann'], [[9]])
    const report = evaluate(recommendations(['ann'], [[9]]), foreign, { ...four, outside: 'miss' })
    expect(report.metrics['recall@2'].mean).toBe(0)
  })

  test('an empty one, and training of another, are errors', () => {
    const found = recommendations(['ann', 'bob'], [[0], [1]])
    expect(codeOf(() => evaluate(found, two, { ...four, items: 0 }))).toBe('EMPTY_CATALOGUE')
    const train = makeSequences({ users: ['x'], items: csr([[7]]) })
    expect(codeOf(() => evaluate(found, two, { ...four, train }))).toBe('TRAIN_ITEM_OUT_OF_RANGE')
  })

  test('recommendations made for other items are an error', () => {
    const items = makeItems({ ids: ['a', 'b', 'c', 'd'] })
    const found = makeRecommendations({
      users: ['ann', 'bob'],
      items: csr([[0], [1]]),
      scores: Float32Array.of(1, 1),
      itemsKey: '4:something-else',
    })
    expect(codeOf(() => evaluate(found, two, { ...four, items }))).toBe('ITEMS_MISMATCH')
  })
})

describe('targets', () => {
  test('a case without any is left out of accuracy but not of coverage', () => {
    const some = cases(['ann', 'bob'], [[0], []])
    const report = evaluate(recommendations(['ann', 'bob'], [[0], [1]]), some, four)
    expect(report.metrics['recall@2']).toMatchObject({ mean: 1, count: 1 })
    expect(report.metrics['coverage@2'].mean).toBe(0.5)
    expect(report.notes).toContain('1 case has no targets: left out.')
  })

  test('are a set: twice the same counts once', () => {
    const some = cases(['ann'], [[0, 0, 1]])
    expect(evaluate(recommendations(['ann'], [[0]]), some, four).metrics['recall@2'].mean).toBe(0.5)
  })

  test('nobody at all makes no mean', () => {
    const report = evaluate(recommendations([], []), cases([], []), four)
    expect(report.metrics['recall@2']).toEqual({ mean: null, low: null, high: null, deviation: null, count: 0 })
  })
})

describe('metrics', () => {
  test('none, or one twice, or a K that is none, are errors', () => {
    const found = recommendations(['ann', 'bob'], [[0], [1]])
    expect(codeOf(() => evaluate(found, two, { ...four, metrics: [] }))).toBe('NO_METRICS')
    expect(codeOf(() => evaluate(found, two, { ...four, metrics: [recall(2), recall(2)] }))).toBe('DUPLICATE_METRIC')
    for (const k of [0, -1, 1.5, Number.NaN]) expect(codeOf(() => recall(k))).toBe('INVALID_K')
  })

  test('of popularity want the training data', () => {
    const found = recommendations(['ann', 'bob'], [[0], [1]])
    expect(codeOf(() => evaluate(found, two, { ...four, metrics: [novelty(2)] }))).toBe('MISSING_TRAIN')
  })

  test('of categories are null where there are none', () => {
    const found = recommendations(['ann', 'bob'], [[0, 1], [1]])
    const report = evaluate(found, two, { ...four, metrics: [leafDiversity(2)] })
    expect(report.metrics['leafDiversity@2']).toMatchObject({ mean: null, count: 0 })
  })

  test('of your own are families put at a K', () => {
    const share = metricAt(
      {
        name: 'evenRows',
        better: 'neither',
        looksAt: 'list',
        perCase: (ks) => (ranked, out, at) => {
          for (const [j, k] of ks.entries()) {
            const shown = ranked.items.subarray(0, Math.min(k, ranked.length))
            out[at + j] = shown.filter((item) => item % 2 === 0).length / shown.length
          }
        },
      },
      2,
    )
    const report = evaluate(
      recommendations(
        ['ann', 'bob'],
        [
          [0, 2, 1],
          [1, 2],
        ],
      ),
      two,
      { ...four, metrics: [share] },
    )
    expect(report.metrics['evenRows@2'].mean).toBe(0.75)
    expect(report.better).toEqual({ 'evenRows@2': 'neither' })
  })

  test('are read by name, with the nearest one in the error', () => {
    expect(parseMetric('hitRate@20')).toEqual(hitRate(20))
    expect(() => parseMetric('recal@50')).toThrow('Did you mean recall@50?')
    expect(codeOf(() => parseMetric('recall'))).toBe('UNKNOWN_METRIC')
  })
})

test('an unknown option is refused with the nearest one', () => {
  const options: EvaluateOptions & { duplicate: string } = { ...four, duplicate: 'dedupe' }
  expect(() => evaluate(recommendations([], []), cases([], []), options)).toThrow('"duplicates"')
})
