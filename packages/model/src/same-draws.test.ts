import { random } from '@sparc/tables'
import { beforeAll, expect, it } from 'vitest'
import { gemirecOptions } from './gemirec/gemirec.ts'
import { gemirecNetwork } from './gemirec/network.ts'
import { ready } from './gradient.fixture.ts'
import type { Network } from './network.ts'
import { sparcNetwork } from './sparc/network.ts'
import { sparcOptions } from './sparc/sparc.ts'

beforeAll(ready)

const sizes = { dim: 4, history: 4, hidden: 5 }
const networks: [string, () => Network, number[]][] = [
  ['sparc', () => sparcNetwork(sparcOptions.parse(sizes), random(1)), [74.15363948029699, 0.9136516852304339]],
  ['gemirec', () => gemirecNetwork(gemirecOptions.parse(sizes), random(1)), [-114.64310485165333, 0.05345990834757686]],
]

// Results are kept by seed: who draws in another order makes other results of the same seed.
it.each(networks)('%s draws what it drew for this seed when results were kept', (_, make, [parameters, codes]) => {
  const network = make()
  const values = Object.values(network.parameters.values()).flatMap((each) => Array.from(each))
  expect(values.reduce((sum, value, at) => sum + value * (1 + (at % 7)), 0)).toBeCloseTo(parameters, 3)
  expect(Object.values(network.randoms ?? {})[0].next()).toBeCloseTo(codes, 9)
  network.dispose()
})
