/**
 * What `popularityWeight` trades between head and tail, for rows of a finished run: loads each row's saved models (all seeds), recommends to
 * the run's test users with several weights, and prints means in %, on test users and on validation users.
 * `node --conditions=@sparc/source --import tsx tools/dial.ts RUN/EXPERIMENT row [row ...]`
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { coverage, evaluate, longTail, ndcg, recall } from '../packages/eval/src/index.ts'
import { isVectorRecommender, loadRecommender } from '../packages/model/src/index.ts'
import { readTable } from '../packages/tables/src/index.ts'

const WEIGHTS = [0, -0.15, -0.3, -0.45]
const [folder, ...rows] = process.argv.slice(2)
if (folder === undefined || rows.length === 0) {
  console.error('usage: tools/dial.ts RUN/EXPERIMENT row [row ...]')
  process.exit(2)
}
const [items, train, test, validation] = await Promise.all(
  ['items', 'train', 'cases', 'validation'].map((name) => readTable(join(folder, `${name}.arrow`))),
)
const metrics = [recall(50), ndcg(50), coverage(50)]
const percent = (values: number[]) => ((100 * values.reduce((sum, x) => sum + x, 0)) / values.length).toFixed(1)

console.log('| row | weight | R | N | LT | coverage | validation R | validation LT |')
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
for (const row of rows) {
  const at = join(folder, row)
  const seeds = [at, ...readdirSync(at).flatMap((name) => (name.startsWith('seed-') ? [join(at, name)] : []))]
  const models = seeds.map((seed) => join(seed, 'model')).filter((model) => existsSync(model))
  const found = new Map<number, number[][]>(WEIGHTS.map((weight) => [weight, []]))
  for (const directory of models) {
    const model = await loadRecommender(directory)
    if (!isVectorRecommender(model)) throw new Error(`${row} has no vectors: it has no popularityWeight`)
    for (const popularityWeight of WEIGHTS) {
      const values: number[] = []
      for (const cases of [test, validation]) {
        const lists = await model.recommend(cases, { k: 50, popularityWeight })
        const report = evaluate(lists, cases, { metrics, items, train, slices: [longTail()], perCase: false })
        const tail = Object.values(report.slices)[0].metrics
        values.push(...['recall@50', 'ndcg@50'].map((name) => report.metrics[name].mean ?? Number.NaN))
        values.push(tail['recall@50'].mean ?? Number.NaN, report.metrics['coverage@50'].mean ?? Number.NaN)
      }
      found.get(popularityWeight)?.push(values)
    }
    model.dispose()
  }
  for (const [weight, values] of found) {
    const mean = (n: number) => percent(values.map((of) => of[n]))
    console.log(`| ${row} | ${weight} | ${[0, 1, 2, 3, 4, 6].map(mean).join(' | ')} |`)
  }
}
