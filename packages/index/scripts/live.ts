// What writing costs those who read, and what a million vectors cost:
//   node --conditions=@sparc/source --import tsx packages/index/scripts/live.ts [--items 144000] [--build 1000000] [--seconds 10]
// Latency of single queries while so many upserts a second arrive, beside the same without any; then build and memory.
import { parseArgs } from 'node:util'
import { CodeShardedIndex } from '@sparc/index'
import type { Embeddings, Interests } from '@sparc/tables'
import { clustered } from '../src/clustered.fixture.ts'

const { values: given } = parseArgs({
  options: {
    items: { type: 'string', default: '144000' },
    build: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '10' },
    upserts: { type: 'string', default: '200' },
  },
})
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
const round1 = (value: number) => Math.round(value * 10) / 10
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Row `r` of some embeddings, under a code one further. */
function moved({ items, ids, vectors, codes, score }: Embeddings, r: number): Embeddings {
  const data = vectors.data.slice(r * vectors.dim, (r + 1) * vectors.dim)
  return {
    items: items.slice(r, r + 1),
    ids: [ids[r]],
    vectors: { data, rows: 1, dim: vectors.dim },
    codes: { levels: 1, data: Uint16Array.of(((codes?.data[r] ?? 0) + 1) % 64) },
    score,
  }
}

function query(of: Interests, q: number): Interests {
  const { dim, data } = of.vectors
  return {
    ...of,
    users: ['q'],
    offsets: Int32Array.of(0, 1),
    vectors: { data: data.slice(q * dim, (q + 1) * dim), rows: 1, dim },
    codes: of.codes?.slice(q, q + 1),
  }
}

/** Latencies of queries asked one after another for a while, each in a turn of its own; writes go on in between. */
async function latencies(index: CodeShardedIndex, asked: Interests, seconds: number): Promise<number[]> {
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  for (let q = 0; performance.now() < end; q = (q + 1) % asked.users.length) {
    const one = query(asked, q)
    const start = performance.now()
    // A turn of the event loop, as a request takes: what a writer has to do in it is waited for.
    await new Promise((resolve) => setImmediate(resolve))
    await index.find(one, { k: 50, probes: 8 })
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)
}

const { embeddings, interests } = clustered({
  items: Number(given.items),
  dim: 64,
  codes: 64,
  queries: 500,
  spread: 1.5,
})
const index = await CodeShardedIndex.build(embeddings)
await latencies(index, interests, 2)
for (let round = 0; round < 3; round++) {
  const quiet = await latencies(index, interests, Number(given.seconds) / 2)
  let writing = true
  let written = 0
  const writer = (async () => {
    const start = performance.now()
    while (writing) {
      const due = ((performance.now() - start) / 1000) * Number(given.upserts)
      while (writing && written < due)
        await index.upsert(moved(embeddings, (written++ * 7919) % embeddings.items.length))
      await sleep(1)
    }
  })()
  const busy = await latencies(index, interests, Number(given.seconds) / 2)
  writing = false
  await writer
  const at = (times: number[], share: number) => times[Math.floor(share * (times.length - 1))] * 1000
  print({
    upsertsPerSecond: round1(written / (Number(given.seconds) / 2)),
    quietP50Us: round1(at(quiet, 0.5)),
    busyP50Us: round1(at(busy, 0.5)),
    quietP95Us: round1(at(quiet, 0.95)),
    busyP95Us: round1(at(busy, 0.95)),
    ratioP95: Math.round((at(busy, 0.95) / at(quiet, 0.95)) * 100) / 100,
  })
}
await index.close()

if (Number(given.build) > 0) {
  const large = clustered({ items: Number(given.build), dim: 64, codes: 256, queries: 1, spread: 1.5 }).embeddings
  for (const options of [
    { storage: 'Flat' },
    { storage: 'SQ8' },
    { storage: 'Flat', codes: 256 },
    { engine: 'faiss', storage: 'Flat' },
  ] as const) {
    const before = process.cpuUsage()
    const start = performance.now()
    const built = await CodeShardedIndex.build(large, options)
    const { user, system } = process.cpuUsage(before)
    const { bytes, engine, storage, items } = built.stats()
    print({
      engine,
      storage,
      trained: 'codes' in options,
      items,
      buildS: round1((performance.now() - start) / 1000),
      buildCpuS: round1((user + system) / 1e6),
      bytesPerItem: round1(bytes.perItem),
      ofRaw: Math.round((bytes.perItem / 256) * 1000) / 1000,
    })
    await built.close()
  }
}
