// What faiss-node's interface costs (arrays of numbers, one thread of JavaScript waiting), beside the exact engine's kernel on
// the same rows:
//   node --conditions=@sparc/source --import tsx packages/index/scripts/faiss-node.ts [--dim 64] [--k 58]
// One line per shard size. Microseconds a query, least of the rounds: by itself and in batches of 256.
import { parseArgs } from 'node:util'
import { random } from '@sparc/tables'
import { Collector } from '../src/collector.ts'
import { exactEngine } from '../src/exact/exact-engine.ts'
import { INNER_PRODUCT, loadFaiss } from '../src/faiss/load.ts'

const { values: given } = parseArgs({
  options: { dim: { type: 'string', default: '64' }, k: { type: 'string', default: '58' } },
})
const dim = Number(given.dim)
const k = Number(given.k)
const BATCH = 256
const draw = random(1)
const vectors = (rows: number) => Float32Array.from({ length: rows * dim }, () => draw.normal())

/** Microseconds of a call, the least of many. */
function least(run: () => unknown, calls: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let n = 0; n < calls; n++) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return Math.round(best * 1e4) / 10
}

const { Index } = await loadFaiss()
const queries = vectors(BATCH)
const one = Array.from(queries.subarray(0, dim))
const many = Array.from(queries)

for (const rows of [k, 1000, 3000, 10_000]) {
  const data = vectors(rows)
  const items = Int32Array.from({ length: rows }, (_, r) => r)
  const index = Index.fromFactory(dim, 'Flat', INNER_PRODUCT)
  const adding = least(() => Index.fromFactory(dim, 'Flat', INNER_PRODUCT).add(Array.from(data)), 20)
  index.add(Array.from(data))
  const shard = exactEngine(dim, 'Flat', {}).shard(0)
  const appending = least(() => void exactEngine(dim, 'Flat', {}).shard(0).append(data, items), 20)
  void shard.append(data, items)
  const seen = { ordinal: 0, items, length: rows }
  const collectors = Array.from({ length: BATCH }, () => new Collector(3 * k + 32))
  const scan = (count: number) => {
    for (const collector of collectors) collector.begin(k, 1e-6)
    const members = Array.from({ length: count }, (_, m) => m)
    void shard.scan(seen, { dim, vectors: queries, collectors }, members)
  }
  const line = {
    rows,
    faissNodeUs: least(() => index.search(one, k), 2000),
    faissNodeBatchUs: Math.round((least(() => index.search(many, k), 50) / BATCH) * 10) / 10,
    toNumbersUs: least(() => Array.from(queries.subarray(0, dim)), 2000),
    kernelUs: least(() => scan(1), 2000),
    kernelBatchUs: Math.round((least(() => scan(BATCH), 50) / BATCH) * 10) / 10,
    addFaissNodeUs: adding,
    addKernelUs: appending,
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
