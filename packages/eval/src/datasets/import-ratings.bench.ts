import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { random } from '@sparc/tables'
import { afterAll, beforeAll, bench } from 'vitest'
import { importAmazon } from './import-amazon.ts'

// Ratings as the owners of the 2014 release publish them, generated: long-tailed users and items, days as times.
// SPARC_BENCH_ROWS=20000000 is the size that must stay within 8 GB.
const ROWS = Number(process.env.SPARC_BENCH_ROWS ?? 1_000_000)
const USERS = Math.ceil(ROWS / 2.5)
const ITEMS = Math.ceil(ROWS / 9)

let directory = ''
let path = ''

function* lines(): Iterable<string> {
  const source = random(1)
  const id = (prefix: string, n: number, length: number) => prefix + n.toString(36).toUpperCase().padStart(length, '0')
  for (let row = 0; row < ROWS; ) {
    let chunk = ''
    for (const end = Math.min(ROWS, row + 10_000); row < end; row++) {
      const user = Math.floor(USERS * source.next() ** 4)
      const item = Math.floor(ITEMS * source.next() ** 4)
      const day = 15_000 + Math.floor(1_200 * source.next())
      chunk += `${id('A', user, 13)},${id('B', item, 9)},${1 + source.int(5)}.0,${day * 86_400}\n`
    }
    yield chunk
  }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sparc-bench-'))
  path = join(directory, 'ratings_Generated.csv')
  await pipeline(Readable.from(lines()), createWriteStream(path))
  console.log(`${ROWS} ratings, ${((await stat(path)).size / 2 ** 20).toFixed(0)} MiB`)
}, 600_000)

afterAll(() => rm(directory, { recursive: true, force: true }))

for (const kCore of [undefined, 5]) {
  bench(
    `import ${ROWS} ratings, ${kCore ? `${kCore}-core` : 'all'}`,
    async () => {
      const start = performance.now()
      const { counts } = await importAmazon({
        release: '2014',
        ratings: path,
        kCore,
        memory: '3GB',
        temporary: directory,
      })
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      const peak = (process.resourceUsage().maxRSS / 2 ** 20).toFixed(2)
      console.log(`${seconds} s, peak ${peak} GiB resident, ${JSON.stringify(counts)}`)
    },
    { iterations: 1, time: 0, warmupIterations: 0, warmupTime: 0 },
  )
}
