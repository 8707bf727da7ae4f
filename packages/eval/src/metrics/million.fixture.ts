import { makeCases, makeRecommendations, makeSequences, random } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { accuracyMetrics, atEach } from './all-metrics.ts'
import { evaluate } from './evaluate.ts'
import { coverage, gini } from './exposure.ts'
import { novelty, popularityLift } from './popularity.ts'

// Run by evaluate.bench.ts in a process of its own, so that its memory is its own:
// node --conditions=@sparc/source --import tsx million.fixture.ts <users> <rows a table> [means-only]
const users = Number(process.argv[2] ?? 1_000_000)
const rowsATable = Number(process.argv[3] ?? users)
const perCase = process.argv[4] !== 'means-only'
const items = 100_000
const depth = 100

const draw = random(1)
type Lists = { offsets: Int32Array; values: Int32Array }

function lists(rows: number, length: number, item: (row: number, at: number) => number): Lists {
  const offsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * length)
  const values = new Int32Array(rows * length)
  for (let row = 0; row < rows; row++) for (let at = 0; at < length; at++) values[row * length + at] = item(row, at)
  return { offsets, values }
}

/** Long-tailed: rows of items are ranks of popularity. */
const popular = () => Math.floor(items ** draw.next()) - 1
/** No item twice in a list. */
const spread = (row: number, at: number) => (row * 7919 + at * at * 31 + at * 977) % items

const names = Array.from({ length: users }, (_, row) => `user-${row}`)
const cases = makeCases({ users: names, history: lists(users, 10, popular), targets: lists(users, 4, popular) })
const train = makeSequences({ users: names.slice(0, users / 10), items: lists(users / 10, 10, popular) })

function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

let making = 0
let makingCpu = 0
function* tables(): Generator<Table> {
  for (let from = 0; from < users; from += rowsATable) {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const part = names.slice(from, from + rowsATable)
    const scores = Float32Array.from({ length: part.length * depth }, (_, at) => -(at % depth))
    const table = makeRecommendations({ users: part, items: lists(part.length, depth, spread), scores })
    making += performance.now() - start
    makingCpu += spent(cpu)
    yield table
  }
}

const whole = rowsATable >= users ? [...tables()][0] : undefined
const peak = () => process.resourceUsage().maxRSS / 1024
const before = { rss: process.memoryUsage.rss() / 2 ** 20, peak: peak() }
making = 0
makingCpu = 0
const cpuBefore = process.cpuUsage()
const start = performance.now()
const ks = [10, 20, 50, 100]
const metrics = [...accuracyMetrics(ks), ...atEach(ks, [coverage, gini, novelty, popularityLift])]
const report = evaluate(whole ?? tables(), cases, { metrics, items, train, perCase })
const seconds = (performance.now() - start - making) / 1000
const cpuSeconds = spent(cpuBefore) - makingCpu
process.stdout.write(
  JSON.stringify({
    rowsATable,
    perCase,
    metrics: metrics.length,
    seconds: Number(seconds.toFixed(2)),
    cpuSeconds: Number(cpuSeconds.toFixed(2)),
    rssBeforeMb: Math.round(before.rss),
    peakBeforeMb: Math.round(before.peak),
    peakMb: Math.round(peak()),
    users: report.metrics['recall@100'].count,
  }),
)
