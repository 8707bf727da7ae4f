import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runTiny } from '../pipeline/tiny.fixture.ts'
import { openRun, type SavedRun } from '../run-folder/saved-runs.ts'
import { temporary } from '../temporary.fixture.ts'
import { claims } from './claims.ts'
import { judge } from './judge.ts'
import { mutualInformation } from './truth.ts'

describe('the agreement of codes with the truth', () => {
  it('is 1 for the same groups under other names, 0 for one group, and hardly more than 0 for unrelated ones', () => {
    const truth = Array.from({ length: 600 }, (_, i) => i % 6)
    expect(
      mutualInformation(
        truth,
        truth.map((group) => 10 - group),
      ),
    ).toBeCloseTo(1, 12)
    expect(
      mutualInformation(
        truth,
        truth.map(() => 1),
      ),
    ).toBeCloseTo(0, 12)
    expect(
      mutualInformation(
        truth,
        truth.map((_, i) => Math.floor(i / 6) % 5),
      ),
    ).toBeLessThan(0.01)
  })
})

describe('the ledger of a run', () => {
  let saved: SavedRun

  beforeAll(async () => {
    const path = join(temporary(), 'run')
    const sparc = { codebook: { size: 8 }, warmUpSteps: 10 }
    await runTiny(path, {
      systems: [
        'popularity',
        'two-tower',
        { system: 'sparc', options: sparc },
        { system: 'sparc', name: 'sparc-control', options: { ...sparc, codebook: { size: 1 } } },
      ],
    })
    saved = await openRun(path, '')
  }, 120_000)

  it('has one row per claim, with what was measured, on what, and by which command', async () => {
    const ledger = await judge(claims, [saved])
    expect(ledger.map(({ claim }) => claim)).toEqual(claims.map(({ claim }) => claim))
    for (const metric of ['recall@20', 'ndcg@20', 'recall@50', 'ndcg@50']) {
      const above = ledger.find(({ claim }) => claim.toLowerCase() === `sparc: ${metric} above strong baselines`)
      expect(above?.measured[0]).toMatch(new RegExp(`${metric} .*against .* of (two-tower|popularity)`))
    }
    const [recall] = ledger
    expect(recall.measured[0]).toContain(saved.run.dataset.fingerprint)
    expect(recall.measured[0]).toContain('after Holm')
    expect(recall.measured[0]).toContain('1 seed each')
    expect(ledger.find(({ claim }) => claim.includes('one codeword'))?.verdict).not.toBe('not testable here')
    expect(ledger.find(({ claim }) => claim.includes('PV500'))?.verdict).toBe('not testable here')
    for (const rival of ['MIND', 'ComiRec-SA', 'ComiRec-DR']) {
      const beaten = ledger.find(({ claim }) => claim === `GemiRec: Recall@50 above ${rival}`)
      expect(beaten?.why).toMatch(/no run has the row gemirec/)
    }
  })

  it('says which row was measured before there was a metric', async () => {
    const metric = 'coOccurrenceDiversity@50'
    const rows = saved.rows.map((row) => {
      const { [metric]: _, ...filtered } = row.metrics.filtered
      return row.name === 'sparc' ? { ...row, metrics: { ...row.metrics, filtered } } : row
    })
    const ledger = await judge(claims, [{ ...saved, rows }])
    expect(ledger.find(({ claim }) => claim.includes('co-occurrence'))?.why).toBe(`sparc was not measured by ${metric}`)
  })

  it('speaks of the true interests, as the world is synthetic', async () => {
    const [truth] = (await judge(claims, [saved])).slice(-1)
    expect(truth.measured[0]).toMatch(/normalised mutual information .* shuffled codes .*, 1 seed, p/)
  })

  it('holds a metric of each user against a number that it should be above', async () => {
    const asked = (bound: number, row = 'sparc') => {
      const test = { kind: 'above', row, metric: 'interests/distance', bound } as const
      return { claim: `above ${bound}`, source: 'a test', test }
    }
    const ledger = await judge([asked(0.001), asked(1.9), asked(0.1, 'two-tower')], [saved])
    const mean = saved.rows.find(({ name }) => name === 'sparc')?.interestCosine ?? Number.NaN
    expect(Number(/distance (\S+), above \S+ for 19 users in 20/.exec(ledger[0].measured[0])?.[1])).toBeCloseTo(
      1 - mean,
      3,
    )
    expect(ledger.map(({ measured }) => measured[0]?.split(':')[0])).toEqual(['as claimed', 'below 1.9000', undefined])
    expect(ledger.map(({ verdict }) => verdict)).toEqual(['not testable here', 'not reproduced', 'not testable here'])
    expect(ledger[2].why).toBe('two-tower has no value of interests/distance')
  })

  it('calls the same row against itself no difference', async () => {
    const test = { kind: 'users', row: 'two-tower', than: { row: 'two-tower' }, metric: 'recall@50' } as const
    const [row] = await judge([{ claim: 'a tie', source: 'a test', test }], [saved])
    expect(row.verdict).toBe('not reproduced')
  })
})
