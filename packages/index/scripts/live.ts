// What writing costs those who read, and what a million vectors cost:
//   node --conditions=@sparc/source --import tsx packages/index/scripts/live.ts [--items 144000] [--build 1000000] [--seconds 20]
//        [--rounds 3] [--upserts 200]
// Latency of single queries while so many upserts a second arrive, beside the same without any; then build and memory. Seconds
// with and without writes alternate, so that what else the machine does falls on both alike; and each latency is taken by the clock
// and in processor time, which does not count waiting for other processes.
import { parseArgs } from 'node:util'
import { CodeShardedIndex } from '@sparc/index'
import type { Embeddings, Interests } from '@sparc/tables'
import { clustered } from '../src/clustered.fixture.ts'

const { values: given } = parseArgs({
  options: {
    items: { type: 'string', default: '144000' },
    build: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
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

/** Microseconds of each query. */
interface Times {
  clock: number[]
  processor: number[]
}
const noTimes = (): Times => ({ clock: [], processor: [] })

/** Latencies of queries asked one after another for a second, each in a turn of its own; writes go on in between. */
async function second(index: CodeShardedIndex, asked: Interests, { clock, processor }: Times): Promise<void> {
  const end = performance.now() + 1000
  while (performance.now() < end) {
    const one = query(asked, clock.length % asked.users.length)
    const before = process.cpuUsage()
    const start = performance.now()
    // A turn of the event loop, as a request takes: what a writer has to do in it is waited for.
    await new Promise((resolve) => setImmediate(resolve))
    await index.find(one, { k: 50, probes: 8 })
    clock.push((performance.now() - start) * 1000)
    const { user, system } = process.cpuUsage(before)
    processor.push(user + system)
  }
}

/** Upserts items at a steady rate, until told to stop; returns how many. */
function upserting(index: CodeShardedIndex, of: Embeddings, rate: number): () => Promise<number> {
  const start = performance.now()
  let writing = true
  let written = 0
  const done = (async () => {
    while (writing) {
      const due = ((performance.now() - start) / 1000) * rate
      while (writing && written < due) {
        await index.upsert(moved(of, (next * 7919) % of.items.length))
        next++
        written++
      }
      await sleep(1)
    }
  })()
  return async () => {
    writing = false
    await done
    return written
  }
}
let next = 0

const { embeddings, interests } = clustered({
  items: Number(given.items),
  dim: 64,
  codes: 64,
  queries: 500,
  spread: 1.5,
})
const index = await CodeShardedIndex.build(embeddings)
for (let warm = 0; warm < 2; warm++) await second(index, interests, noTimes())
for (let round = 0; round < Number(given.rounds); round++) {
  const quiet = noTimes()
  const busy = noTimes()
  let written = 0
  for (let turn = 0; turn < Number(given.seconds) / 2; turn++) {
    await second(index, interests, quiet)
    const stop = upserting(index, embeddings, Number(given.upserts))
    await second(index, interests, busy)
    written += await stop()
  }
  const at = (times: number[], share: number) =>
    round1(times.sort((a, b) => a - b)[Math.floor(share * (times.length - 1))])
  const perSecond = round1(written / (Number(given.seconds) / 2))
  for (const by of ['clock', 'processor'] as const) {
    const line: Record<string, string | number> = { by, upsertsPerSecond: perSecond }
    for (const [name, share] of Object.entries({ P50: 0.5, P95: 0.95, P99: 0.99 })) {
      const [without, during] = [at(quiet[by], share), at(busy[by], share)]
      line[`quiet${name}Us`] = without
      line[`busy${name}Us`] = during
      line[`ratio${name}`] = Math.round((during / without) * 100) / 100
    }
    print(line)
  }
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
