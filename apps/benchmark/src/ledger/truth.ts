import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { random, readEmbeddings, readTable } from '@sparc/tables'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { folderOf, seedsOf } from './scores.ts'

const SHUFFLES = 999

/**
 * Normalised mutual information of two labellings, `2 I(a; b) / (H(a) + H(b))`, 0 to 1 (Strehl and Ghosh, JMLR 2002, with
 * the arithmetic mean).
 */
export function mutualInformation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length
  const [rows, columns, both] = [new Map<number, number>(), new Map<number, number>(), new Map<string, number>()]
  const add = <K>(counts: Map<K, number>, key: K) => counts.set(key, (counts.get(key) ?? 0) + 1)
  for (let i = 0; i < n; i++) {
    add(rows, a[i])
    add(columns, b[i])
    add(both, `${a[i]} ${b[i]}`)
  }
  const entropy = (counts: Iterable<number>) => {
    let sum = 0
    for (const count of counts) sum -= (count / n) * Math.log(count / n)
    return sum
  }
  const [left, right, joint] = [entropy(rows.values()), entropy(columns.values()), entropy(both.values())]
  return left + right === 0 ? 0 : (2 * (left + right - joint)) / (left + right)
}

/** How well codes agree with the true interests. */
interface Agreement {
  /** Normalised mutual information, mean over seeds. */
  information: number
  /** The same of shuffled codes. */
  shuffled: number
  /** Share of shuffles that agree as well: of the seed where it is largest, as each of them is to agree. */
  p: number
}

/** How well the level-1 codes of a row agree with the true interests of the items; undefined without a known truth. */
export async function agreement(saved: SavedRun, name: string): Promise<Agreement | undefined> {
  if (!existsSync(saved.paths.truth)) return undefined
  const truth = (await readTable(saved.paths.truth)).getChild('interest')?.toArray() as Int32Array
  const seeds: Agreement[] = []
  for (const row of seedsOf(saved, name)) {
    const path = join(folderOf(saved, row), 'embeddings.arrow')
    if (!existsSync(path)) return undefined
    const { codes, items } = readEmbeddings(await readTable(path))
    if (codes === undefined) return undefined
    const interests = Int32Array.from(items, (item) => truth[item])
    seeds.push(
      agreementOf(
        Int32Array.from(items, (_, r) => codes.data[r * codes.levels]),
        interests,
      ),
    )
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    information: mean(seeds.map(({ information }) => information)),
    shuffled: mean(seeds.map(({ shuffled }) => shuffled)),
    p: Math.max(...seeds.map(({ p }) => p)),
  }
}

function agreementOf(codes: Int32Array, interests: Int32Array): Agreement {
  const information = mutualInformation(codes, interests)
  const source = random(1).fork('shuffled codes')
  let [above, sum] = [0, 0]
  for (let i = 0; i < SHUFFLES; i++) {
    const by = mutualInformation(source.shuffle(codes.slice()), interests)
    sum += by
    if (by >= information) above++
  }
  return { information, shuffled: sum / SHUFFLES, p: (1 + above) / (1 + SHUFFLES) }
}
