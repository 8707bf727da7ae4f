/**
 * Resident memory, in MB, measured in a process of its own:
 *
 * - `tools/memory.ts train [items]` trains a two-tower over so many items (2,000,000) of 64 numbers until every row has running means, with
 *   validation, and prints the peak beside four times the table's bytes plus 1 GB
 * - `tools/memory.ts serve MODEL` opens a saved model for serving, embeds and recommends for 1,000 histories, and prints what that takes beside
 *   Node itself and the item vectors; of the built package, as who installs it has it (`npm run build` before)
 * - `tools/memory.ts agree MODEL` embeds 1,000 histories with TensorFlow and without, and prints how far they are apart at most
 *
 * `node --expose-gc --conditions=@sparc/source --import tsx tools/memory.ts MODE ...`
 */
import { random } from '../packages/tables/src/random.ts'

const MB = 1e6
const resident = () => process.memoryUsage().rss / MB
const [mode, given] = process.argv.slice(2)

/** A log in which every one of so many items is in one history at least, and 500 users to validate on. */
async function log(items: number) {
  const { makeCases, makeItems, makeSequences, readItems } = await import('../packages/tables/src/index.ts')
  const draw = random(1)
  const table = makeItems({ ids: Array.from({ length: items }, (_, i) => `i${i}`) })
  const itemsKey = readItems(table).key
  const users = Math.ceil(items / 10)
  const names = (count: number) => Array.from({ length: count }, (_, u) => `u${u}`)
  const every = (count: number, length: number) => Int32Array.from({ length: count + 1 }, (_, r) => r * length)
  const values = Int32Array.from({ length: users * 20 }, (_, at) => {
    const [user, place] = [Math.floor(at / 20), at % 20]
    return place < 10 ? (10 * user + place) % items : draw.int(items)
  })
  const part = (from: number, length: number) => ({
    offsets: every(500, length),
    values: Int32Array.from(
      { length: 500 * length },
      (_, at) => values[20 * Math.floor(at / length) + from + (at % length)],
    ),
  })
  const validation = makeCases({ users: names(500), history: part(0, 16), targets: part(16, 4), itemsKey })
  const sequences = makeSequences({ users: names(users), items: { offsets: every(users, 20), values }, itemsKey })
  return { items: table, sequences, validation }
}

async function train(items: number): Promise<void> {
  const { twoTower } = await import('../packages/model/src/index.ts')
  const data = await log(items)
  const before = resident()
  // A step has the histories of 512 users: so many steps see every user several times.
  const model = twoTower({ dim: 64, initial: 'normal', steps: Math.ceil(items / 2000) })
  const report = await model.fit(data, { validation: { every: 500, maxUsers: 200, patience: 100 } })
  model.dispose()
  const peak = process.resourceUsage().maxRSS / 1e3
  const bytes = (items * 64 * 4) / MB
  const allowed = (4 * bytes + 1000).toFixed(0)
  console.log(
    `${report.steps} steps, the log in memory ${before.toFixed(0)} MB, peak ${peak.toFixed(0)} MB; 4 x ${bytes.toFixed(0)} + 1000 = ${allowed} MB`,
  )
}

/** Histories of 20 items by id. */
function histories(ids: readonly string[]): string[][] {
  const draw = random(1)
  return Array.from({ length: 1000 }, () => Array.from({ length: 20 }, () => ids[draw.int(ids.length)]))
}

async function serve(model: string): Promise<void> {
  const built = new URL('../packages/model/dist/serving/index.js', import.meta.url).href
  const node = resident()
  const { openServing }: typeof import('../packages/model/src/serving/index.ts') = await import(built)
  const serving = await openServing(model)
  for (const history of histories(serving.ids)) serving.recommend(history, { k: 50 })
  ;(globalThis as { gc?: () => void }).gc?.()
  const vectors = serving.items.byteLength / MB
  const besides = resident() - node - vectors
  console.log(
    `Node ${node.toFixed(0)} MB, item vectors ${vectors.toFixed(1)} MB, serving besides ${besides.toFixed(0)} MB`,
  )
}

async function agree(model: string): Promise<void> {
  const { csr, makeQueries, readEmbeddings, readInterests } = await import('../packages/tables/src/index.ts')
  const { isVectorRecommender, loadRecommender } = await import('../packages/model/src/index.ts')
  const { openServing } = await import('../packages/model/src/serving/index.ts')
  const whole = await loadRecommender(model)
  if (!isVectorRecommender(whole)) throw new Error(`${model} has no vectors`)
  const serving = await openServing(model)
  const asked = histories(serving.ids)
  const rowOf = new Map(serving.ids.map((id, row) => [id, row]))
  const queries = makeQueries({
    users: asked.map((_, u) => `u${u}`),
    history: csr(asked.map((history) => history.map((id) => rowOf.get(id) ?? 0))),
    itemsKey: readEmbeddings(await whole.embedItems()).itemsKey,
  })
  const { vectors, offsets } = readInterests(await whole.embedUsers(queries))
  let most = 0
  for (const [u, history] of asked.entries()) {
    for (const [c, vector] of serving.embed(history).vectors.entries()) {
      const at = (offsets[u] + c) * vectors.dim
      for (let d = 0; d < vectors.dim; d++) most = Math.max(most, Math.abs(vector[d] - vectors.data[at + d]))
    }
  }
  whole.dispose()
  console.log(
    `${serving.system}: ${offsets[asked.length]} vectors of ${asked.length} users, at most ${most.toExponential(1)} apart`,
  )
}

if (mode === 'train') await train(Number(given ?? 2_000_000))
else if (mode === 'serve' && given !== undefined) await serve(given)
else if (mode === 'agree' && given !== undefined) await agree(given)
else {
  console.error('usage: tools/memory.ts train [items] | serve MODEL | agree MODEL')
  process.exit(2)
}
