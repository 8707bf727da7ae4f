import { expect, it } from 'vitest'
import { decide, type Judged, outcome } from './verdict.ts'

const good: Judged = { holds: true, corrected: 0.01, short: '', seeds: 5, passedOver: [], run: 'beauty', users: 'a' }
const other: Judged = { ...good, run: 'books', users: 'b' }

it('says reproduced where every run that can test it is significant, in direction and size, and one has five seeds', () => {
  expect(decide([good, other], '')).toEqual({
    verdict: 'reproduced',
    why: 'p < .05 after Holm, direction and size as claimed',
  })
  expect(decide([good, { ...other, seeds: 3 }], '')).toEqual({
    verdict: 'reproduced',
    why: 'p < .05 after Holm, direction and size as claimed; in 1 of 2 runs on 3 seeds',
  })
  expect(decide([{ ...good, seeds: Number.POSITIVE_INFINITY }], '').verdict).toBe('reproduced')
})

it('does not call reproduced what no run has on five seeds', () => {
  expect(decide([{ ...good, seeds: 1 }], '')).toEqual({
    verdict: 'not testable here',
    why: 'p < .05 after Holm, direction and size as claimed, but reproducing it takes 5 seeds; on 1 seed; with one seed p knows nothing of what another seed would change',
  })
  expect(
    decide(
      [
        { ...good, seeds: 4 },
        { ...other, seeds: 3 },
      ],
      '',
    ),
  ).toMatchObject({
    verdict: 'not testable here',
    why: expect.stringMatching(/takes 5 seeds; in 2 of 2 runs on 3 to 4 seeds$/),
  })
})

it('says not reproduced where one run fails, why, and on how many seeds', () => {
  expect(decide([good, { ...other, corrected: 0.2 }], '')).toEqual({
    verdict: 'not reproduced',
    why: 'in 1 of 2 runs: not significant',
  })
  expect(decide([{ ...good, holds: false, short: 'smaller than claimed', seeds: 3 }], '')).toEqual({
    verdict: 'not reproduced',
    why: 'smaller than claimed; on 3 seeds',
  })
})

it('says of each run by itself what came of it', () => {
  expect(outcome(good)).toBe('as claimed')
  expect(outcome({ ...good, corrected: 0.05 })).toBe('not significant')
  expect(outcome({ ...good, holds: false, short: 'smaller than claimed' })).toBe('smaller than claimed')
})

it('names the rivals that were better and have too few seeds', () => {
  expect(decide([{ ...good, passedOver: ['mind with .2000 on 1 seed (beauty)'] }], '').why).toMatch(
    /; better than the rival, on too few seeds to be held against: mind with \.2000 on 1 seed \(beauty\)$/,
  )
})

it('says which runs have the same users, as two of them are no more than one', () => {
  const again = { ...good, run: 'features' }
  expect(decide([good, again, other], '').why).toMatch(
    /; beauty and features have the same test users, and are no two pieces of evidence$/,
  )
  expect(decide([good, other], '').why).not.toMatch(/same test users/)
})

it('says not testable here where no run can speak to it', () => {
  expect(decide([], 'no run has the row gemirec')).toEqual({
    verdict: 'not testable here',
    why: 'no run has the row gemirec',
  })
})
