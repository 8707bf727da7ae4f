// Recall against time, ours beside FAISS' inverted file from Python, on the same tables, in one run:
//   node --conditions=@sparc/source --import tsx packages/index/scripts/measure.ts --python PYTHON [--svg FILE]
//        [--embeddings E.arrow --interests I.arrow] [--items 144000] [--queries 2000] [--rounds 5]
// PYTHON has faiss-cpu, numpy and pyarrow. Without tables it makes a clustered catalogue. One thread each. A query by
// itself: lower decile of wall-clock times. In a batch: least processor time. So other work on the machine falls out.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BuildOptions, CodeShardedIndex } from '@sparc/index'
import {
  type Embeddings,
  type Interests,
  makeEmbeddings,
  makeInterests,
  readEmbeddings,
  readInterests,
  readTable,
  writeTable,
} from '@sparc/tables'
import { clustered } from '../src/clustered.fixture.ts'
import { plot } from './plot.ts'

/** One point of a curve. */
export interface Measured {
  index: string
  setting: string
  recall: number
  singleUs: number
  batchUs: number
}

const { values: given } = parseArgs({
  options: {
    python: { type: 'string' },
    svg: { type: 'string' },
    embeddings: { type: 'string' },
    interests: { type: 'string' },
    items: { type: 'string', default: '144000' },
    queries: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    probes: { type: 'string', default: '1,2,3,4,6,8,12,16,24' },
    k: { type: 'string', default: '50' },
  },
})
const k = Number(given.k)
const rounds = Number(given.rounds)
const probesList = given.probes.split(',').map(Number)

/** One query a row: every interest is searched by itself. */
function single({ vectors, codes }: Interests, queries: number): Interests {
  const rows = Math.min(queries, vectors.rows)
  const step = vectors.rows / rows
  const data = new Float32Array(rows * vectors.dim)
  const kept = new Uint16Array(rows)
  for (let r = 0; r < rows; r++) {
    const from = Math.floor(r * step)
    data.set(vectors.data.subarray(from * vectors.dim, (from + 1) * vectors.dim), r * vectors.dim)
    if (codes) kept[r] = codes[from]
  }
  return slice(
    {
      users: Array.from({ length: rows }, (_, r) => `q${r}`),
      offsets: Int32Array.from({ length: rows + 1 }, (_, r) => r),
      vectors: { data, rows, dim: vectors.dim },
      codes: codes && kept,
      score: { metric: 'dot', scale: 1 },
    },
    0,
    rows,
  )
}

function slice(of: Interests, from: number, to: number): Interests {
  const { dim, data } = of.vectors
  return {
    ...of,
    users: of.users.slice(from, to),
    offsets: of.offsets.slice(0, to - from + 1),
    vectors: { data: data.slice(from * dim, to * dim), rows: to - from, dim },
    codes: of.codes?.slice(from, to),
  }
}

/** Wall-clock time of a query by itself, microseconds: the lower decile, which nobody disturbed. */
async function alone(queries: readonly Interests[], find: (query: Interests) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (const query of queries) {
    const start = performance.now()
    await find(query)
    times.push((performance.now() - start) * 1000)
  }
  return round1(times.sort((a, b) => a - b)[Math.floor(times.length / 10)])
}

/** Processor time of a query in a batch of 1,000, microseconds: the least of the rounds. All threads count. */
async function together(batch: Interests, find: (batch: Interests) => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    await find(batch)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / batch.users.length)
  }
  return round1(least)
}

async function measure(
  name: string,
  embeddings: Embeddings,
  asked: Interests,
  options: BuildOptions,
  exact: Int32Array,
) {
  const before = process.cpuUsage()
  const index = await CodeShardedIndex.build(embeddings, options)
  const built = process.cpuUsage(before)
  const { bytes, shards, perplexity } = index.stats()
  const raw = 4 * embeddings.vectors.dim
  print({
    index: name,
    buildCpuS: Math.round((built.user + built.system) / 1e4) / 100,
    bytesOfRaw: Math.round((bytes.perItem / raw) * 1000) / 1000,
    shards: shards.length,
    perplexity: Math.round(perplexity * 10) / 10,
  })
  const queries = options.codes === undefined ? asked : { ...asked, codes: undefined }
  const singles = queries.users.map((_, q) => slice(queries, q, q + 1))
  const batch = slice(queries, 0, Math.min(1000, queries.users.length))
  const points: Measured[] = []
  for (const probes of probesList) {
    const found = await index.find(queries, { k, probes })
    const find = (asked: Interests) => index.find(asked, { k, probes })
    const point: Measured = {
      index: name,
      setting: `${probes} probes`,
      recall: recallOf(found.items, exact),
      singleUs: await alone(singles, find),
      batchUs: await together(batch, find),
    }
    print({ ...point, scanned: Math.round(found.stats.scanned * 1000) / 1000 })
    points.push(point)
  }
  await index.close()
  return points
}

const round1 = (value: number) => Math.round(value * 10) / 10
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

function recallOf(items: Int32Array, exact: Int32Array): number {
  let hits = 0
  for (let at = 0; at < exact.length; at += k) {
    const truth = new Set(exact.subarray(at, at + k))
    for (const item of items.subarray(at, at + k)) if (truth.has(item)) hits++
  }
  return Math.round((hits / exact.length) * 10_000) / 10_000
}

function peer(python: string, embeddings: string, interests: string): Measured[] {
  const script = join(import.meta.dirname, '../../../tools/peers/faiss_ivf.py')
  const args = [script, embeddings, interests, '--k', String(k), '--probes', given.probes, '--rounds', String(rounds)]
  const points: Measured[] = []
  for (const line of execFileSync(python, args, { encoding: 'utf8' }).trim().split('\n')) {
    const json = JSON.parse(line)
    print(json)
    if (json.index === undefined) continue
    points.push({
      index: `FAISS ${json.index.split(',')[0]} (Python)`,
      setting: json.index,
      recall: json.recall,
      singleUs: json.single_us,
      batchUs: json.batch_us,
    })
  }
  return points
}

/** Time at a recall of .95, between the two points around it. */
function at95(points: readonly Measured[], value: (point: Measured) => number): number | undefined {
  const sorted = [...points].sort((a, b) => a.recall - b.recall)
  const above = sorted.findIndex(({ recall }) => recall >= 0.95)
  if (above <= 0) return above === 0 ? value(sorted[0]) : undefined
  const [low, high] = [sorted[above - 1], sorted[above]]
  const share = (0.95 - low.recall) / (high.recall - low.recall)
  return round1(value(low) + share * (value(high) - value(low)))
}

const made = given.embeddings
  ? undefined
  : clustered({ items: Number(given.items), dim: 64, codes: 64, queries: Number(given.queries), spread: 1.5 })
const embeddings = made?.embeddings ?? readEmbeddings(await readTable(given.embeddings ?? ''))
const interests = made?.interests ?? readInterests(await readTable(given.interests ?? ''))
const asked = single(interests, Number(given.queries))

const exactIndex = await CodeShardedIndex.build(embeddings)
const exact = (await exactIndex.find(asked, { k, scope: 'all' })).items
await exactIndex.close()

const curves: Measured[][] = []
curves.push(await measure('codes of the table, Flat', embeddings, asked, {}, exact))
if (given.python) {
  const folder = mkdtempSync(join(tmpdir(), 'sparc-measure-'))
  await writeTable(join(folder, 'embeddings.arrow'), makeEmbeddings(embeddings))
  await writeTable(join(folder, 'interests.arrow'), makeInterests(asked))
  curves.push(peer(given.python, join(folder, 'embeddings.arrow'), join(folder, 'interests.arrow')))
  rmSync(folder, { recursive: true })
}
curves.push(await measure('64 codes trained here, Flat', embeddings, asked, { codes: 64 }, exact))
curves.push(await measure('codes of the table, SQ8', embeddings, asked, { storage: 'SQ8' }, exact))
for (const points of curves) {
  print({
    index: points[0].index,
    atRecall: 0.95,
    singleUs: at95(points, (point) => point.singleUs),
    batchUs: at95(points, (point) => point.batchUs),
  })
}
if (given.svg) writeFileSync(given.svg, plot(curves))
