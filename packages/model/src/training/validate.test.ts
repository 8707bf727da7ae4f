import { random, readCases, row } from '@sparc/tables'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { ready } from '../gradient.fixture.ts'
import { sparcNetwork } from '../sparc/network.ts'
import { sparcOptions } from '../sparc/sparc.ts'
import { smallWorld, tiny } from '../world.fixture.ts'
import { someCases, validate } from './validate.ts'

beforeAll(ready)

describe('validation', () => {
  it('finds the same recall slice by slice as with the whole catalogue at once', async () => {
    const network = sparcNetwork(sparcOptions.parse({ ...tiny, codebook: { size: 4 } }), random(1))
    const table = createEmbeddingTable(120, 8, { random: random(2), scale: 1 })
    const cases = readCases(smallWorld().data.validation)
    for (const k of [1, 10, 30]) {
      const whole = await validate(network, table, cases, { history: 6, k })
      expect(whole?.recall).toBeGreaterThan(0)
      // Slices shorter than a list, and a last one that is not full.
      for (const slice of [7, 50])
        expect(await validate(network, table, cases, { history: 6, k, slice })).toEqual(whole)
    }
    network.dispose()
  })

  it('takes some of the cases, spread evenly over them', () => {
    const cases = readCases(smallWorld().data.validation)
    const some = someCases(cases, 7)
    expect(some.users).toEqual([0, 8, 17, 25, 34, 42, 51].map((u) => cases.users[u]))
    for (const [n, user] of some.users.entries()) {
      const before = cases.users.indexOf(user)
      expect(row(some.history, n)).toEqual(row(cases.history, before))
      expect(row(some.seen, n)).toEqual(row(cases.seen, before))
      expect(row(some.targets, n)).toEqual(row(cases.targets, before))
    }
    expect(someCases(cases, 60)).toBe(cases)
  })

  it('gives way to a signal', async () => {
    const network = sparcNetwork(sparcOptions.parse({ ...tiny, codebook: { size: 4 } }), random(1))
    const table = createEmbeddingTable(120, 8, { random: random(2), scale: 1 })
    const cases = readCases(smallWorld().data.validation)
    const found = await validate(network, table, cases, { history: 6, k: 5, signal: AbortSignal.abort() })
    expect(found).toBeUndefined()
    network.dispose()
  })
})
