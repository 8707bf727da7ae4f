import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createEmbeddingTable } from '../embedding-table.ts'
import { ready } from '../gradient.fixture.ts'
import { createInputs } from '../training/inputs.ts'
import { twoTowerNetwork } from './network.ts'
import { twoTowerOptions } from './two-tower.ts'

beforeAll(ready)

describe('two-tower', () => {
  it('makes a user of the mean of its history through a residual layer, as written out in loops', () => {
    const [dim, hidden] = [3, 5]
    const options = twoTowerOptions.parse({ dim, hidden, history: 4 })
    const network = twoTowerNetwork(options, random(1))
    const values = network.parameters.values()
    const draw = random(2)
    for (const name of ['user/b1', 'user/b2']) {
      network.parameters.restore({ [name]: values[name].map(() => draw.normal()) })
    }
    const table = createEmbeddingTable(9, dim, { random: random(3), scale: 1 })
    const items = Int32Array.of(-1, 5, 8, 5)
    const found = tf.tidy(() => {
      const input = createInputs(table).serving({ items, rows: 1, length: 4 })
      return network.users(input).vectors.arraySync()[0][0]
    })

    const { 'user/w1': w1, 'user/b1': b1, 'user/w2': w2, 'user/b2': b2 } = network.parameters.values()
    const mean = [0, 1, 2].map((d) => [5, 8, 5].reduce((sum, item) => sum + table.values[item * dim + d] / 3, 0))
    const inner = Array.from(b1, (b, h) => Math.max(0, b + mean.reduce((sum, x, d) => sum + x * w1[d * hidden + h], 0)))
    const outer = mean.map((x, d) => x + b2[d] + inner.reduce((sum, y, h) => sum + y * w2[h * dim + d], 0))
    const norm = Math.hypot(...outer)
    for (const d of [0, 1, 2]) expect(found[d]).toBeCloseTo(outer[d] / norm, 5)
    network.dispose()
  })
})
