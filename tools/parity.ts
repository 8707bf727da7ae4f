/**
 * Holds the classic recommenders against what other software reached on the same split, with metrics written out here once more,
 * independent of `@sparc/eval`: `node --conditions=@sparc/source --import tsx tools/parity.ts DATA_FOLDER [model ...] [--seeds 1,2,3]`.
 * Prints each value and how far it is from the other software's; exits with 1 where item-kNN or popularity is off by more than
 * .0005 (long tail and cold start .0015). EASE keeps 2,000 weights per item unless asked for as `ease-all`; ALS begins at
 * random, and in both implementations Recall@50 moves by .004 from seed to seed (`tools/peers/als_implicit.py` has the other's); with
 * `--begin FOLDER`, what that script kept, ours begins as the other did, and its item vectors are held against the other's.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { als, alsItems } from '../packages/model/src/linear/als.ts'
import { ease } from '../packages/model/src/linear/ease.ts'
import { itemKnn } from '../packages/model/src/linear/item-knn.ts'
import { popularity } from '../packages/model/src/linear/popularity.ts'
import { distinct } from '../packages/model/src/linear/sparse.ts'
import type { Recommender } from '../packages/model/src/recommender.ts'
import {
  csr,
  makeItems,
  makeQueries,
  makeSequences,
  random,
  readRecommendations,
  row,
} from '../packages/tables/src/index.ts'
import { COLUMNS, EXPECTED } from './parity-expected.ts'

interface Case {
  history: Int32Array
  targets: Set<number>
  length: number
}

function lines(path: string): string[][] {
  const text = gunzipSync(readFileSync(path)).toString().trimEnd()
  return text
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))
}

/** Rows in order of first appearance in the interactions: the order that breaks ties of the long tail. */
function readSplit(folder: string): { ids: string[]; train: number[][]; test: Case[] } {
  const row = new Map<string, number>()
  for (const [, item] of lines(`${folder}/interactions.csv.gz`)) if (!row.has(item)) row.set(item, row.size)
  const train: number[][] = []
  const test: Case[] = []
  for (const [part, , items] of lines(`${folder}/by-user-1230.csv.gz`)) {
    const sequence = items.split(' ').map((id) => row.get(id) ?? -1)
    if (part === 'train') train.push(sequence)
    if (part !== 'test') continue
    const cut = Math.trunc(0.8 * sequence.length)
    const history = Int32Array.from(sequence.slice(Math.max(0, cut - 20), cut))
    test.push({ history, targets: new Set(sequence.slice(cut)), length: sequence.length })
  }
  return { ids: [...row.keys()], train, test }
}

/** Recall, NDCG, hit rate, coverage, long-tail recall and cold-start NDCG of ranked lists, from 0 to 1. */
function measure(lists: ArrayLike<number>[], test: Case[], train: number[][], items: number): Record<string, number> {
  const counts = new Int32Array(items)
  for (const sequence of train) for (const item of sequence) counts[item]++
  const order = Array.from({ length: items }, (_, i) => i).sort((a, b) => counts[b] - counts[a] || a - b)
  const head = new Set(order.slice(0, Math.trunc(0.2 * items)))
  const sums: Record<string, number[]> = {
    'R@20': [],
    'N@20': [],
    'R@50': [],
    'N@50': [],
    'HR@50': [],
    'LT-R@50': [],
    'cold N@50': [],
  }
  const covered = new Set<number>()
  test.forEach(({ targets, length }, u) => {
    const list = Array.from(lists[u])
    for (const k of [20, 50]) {
      let hits = 0
      let gain = 0
      let ideal = 0
      for (let n = 0; n < k; n++) {
        const discount = 1 / Math.log2(n + 2)
        if (n < targets.size) ideal += discount
        if (targets.has(list[n])) {
          hits++
          gain += discount
        }
      }
      sums[`R@${k}`].push(hits / targets.size)
      sums[`N@${k}`].push(gain / ideal)
      if (k === 50) {
        sums['HR@50'].push(hits > 0 ? 1 : 0)
        if (length <= 10) sums['cold N@50'].push(gain / ideal)
        const tail = [...targets].filter((item) => !head.has(item))
        if (tail.length > 0) {
          const top = new Set(list.slice(0, 50))
          sums['LT-R@50'].push(tail.filter((item) => top.has(item)).length / tail.length)
        }
      }
    }
    for (const item of list.slice(0, 50)) covered.add(item)
  })
  const means = Object.fromEntries(
    Object.entries(sums).map(([name, v]) => [name, v.reduce((a, b) => a + b, 0) / v.length]),
  )
  return { ...means, 'cov@50': covered.size / items }
}

/** What can be measured, by the name to ask for it. */
const MODELS: Record<string, () => Recommender> = {
  popularity: () => popularity(),
  'knn-cosine': () => itemKnn({ weighting: 'cosine', shrinkage: 0 }),
  'knn-tfidf': () => itemKnn({ weighting: 'tfidf', shrinkage: 0 }),
  'knn-bm25': () => itemKnn({ weighting: 'bm25', shrinkage: 0 }),
  'als-64': () => als({ factors: 64 }),
  'als-128': () => als({ factors: 128 }),
  ease: () => ease({ lambda: 100 }),
  'ease-all': () => ease({ lambda: 100, keep: 100_000 }),
}

const EXACT = /^(popularity|knn-)/
const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '1' }, begin: { type: 'string' } },
})
const [folder = '', ...asked] = positionals
const seeds = flags.seeds.split(',').map(Number)
if (!existsSync(`${folder}/by-user-1230.csv.gz`) || asked.some((name) => !(name in MODELS))) {
  console.error(`usage: parity.ts FOLDER [MODEL ...] [--seeds 1,2,3] [--begin KEPT]
  FOLDER  a data folder with interactions.csv.gz and by-user-1230.csv.gz; given: ${folder || 'none'}
  MODEL   ${Object.keys(MODELS).join(', ')} (all where none is named); given: ${asked.join(', ') || 'none'}`)
  process.exit(2)
}
const { ids, train, test } = readSplit(folder)
const items = makeItems({ ids })
const sequences = makeSequences({ users: train.map((_, u) => `train-${u}`), items: csr(train) })
const queries = makeQueries({
  users: test.map((_, u) => `test-${u}`),
  history: csr(test.map(({ history }) => history)),
})
if (flags.begin) await besideImplicit(flags.begin)
for (const name of asked.length > 0 || flags.begin ? asked : Object.keys(MODELS)) {
  const model = MODELS[name]()
  for (const seed of seeds) await compare(name, model, seed)
  model.dispose()
}

/** Fits, measures and prints one model, history left in and filtered. */
async function compare(name: string, model: Recommender, seed: number): Promise<void> {
  const { seconds } = await model.fit({ items, sequences }, { seed })
  for (const excludeSeen of [false, true]) {
    const start = performance.now()
    const found = readRecommendations(await model.recommend(queries, { k: 50, excludeSeen }))
    const took = (performance.now() - start) / 1000
    const lists = test.map((_, u) => row(found.items, u))
    const values = measure(lists, test, train, ids.length)
    const mode = excludeSeen ? 'filt' : 'unf'
    const expected = EXPECTED[basename(folder)]?.[name.replace('ease-all', 'ease')]?.[mode]
    const shown = COLUMNS.map((column, n) => {
      const apart = expected ? values[column] - expected[n] : 0
      const allowed = column === 'LT-R@50' || column === 'cold N@50' ? 0.0015 : 0.0005
      // Half a unit of the last digit that was written down.
      if (EXACT.test(name) && Math.abs(apart) > allowed + 0.00005) process.exitCode = 1
      return `${column} ${values[column].toFixed(4)}${expected ? ` (${apart < 0 ? '' : '+'}${apart.toFixed(4)})` : ''}`
    })
    console.log([`${name} (seed ${seed})`.padEnd(20), mode.padEnd(4), ...shown].join('  '))
    console.log(`  fit ${seconds.toFixed(1)} s, recommend ${took.toFixed(1)} s`)
  }
}

/** Begins ALS with the random vectors that `implicit` began with, and says how far apart the item vectors end. */
async function besideImplicit(kept: string): Promise<void> {
  const floats = (name: string) => new Float32Array(new Uint8Array(readFileSync(`${kept}/${name}`)).buffer)
  const [begin, theirs] = [floats('begin.f32'), floats('items.f32')]
  const factors = theirs.length / ids.length
  let at = 0
  // What `als` draws are shares of its .01.
  const draw = Object.assign(random(0), { next: () => begin[at++] / 0.01 })
  const options = { factors, alpha: 40, regularization: 0.01, iterations: 15, steps: 3 }
  const ours = await alsItems(distinct(csr(train), ids.length), ids.length, options, draw)
  let [apart, length] = [0, 0]
  theirs.forEach((value, n) => {
    apart += (ours.data[n] - value) ** 2
    length += value ** 2
  })
  console.log(`als-${factors}: item vectors ${Math.sqrt(apart / length).toExponential(1)} apart of their length`)
}
