import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Csr,
  type Embeddings,
  type Interests,
  readCases,
  readCodebook,
  readEmbeddings,
  readInterests,
  readItems,
  readRecommendations,
  readTable,
  topK,
} from '@sparc/tables'
import { folderOf } from '../ledger/scores.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Explorer, ExplorerCode, ExplorerUser } from './data.ts'

const USERS = 40
const PER_INTEREST = 8
const PER_CODE = 12
const LIST = 20

/** Items as they are met, so that the page holds only those it shows. */
function pool(titles: (item: number) => Explorer['items'][number]) {
  const rows = new Map<number, number>()
  const items: Explorer['items'] = []
  return {
    items,
    row(item: number): number {
      let at = rows.get(item)
      if (at === undefined) {
        at = items.length
        rows.set(item, at)
        items.push(titles(item))
      }
      return at
    },
  }
}

type Pool = ReturnType<typeof pool>

function dots({ vectors: { data, dim, rows } }: Embeddings, vector: Float32Array): Float32Array {
  const scores = new Float32Array(rows)
  for (let r = 0; r < rows; r++) {
    let sum = 0
    for (let i = 0; i < dim; i++) sum += data[r * dim + i] * vector[i]
    scores[r] = sum
  }
  return scores
}

function slice(rows: Csr, r: number): Int32Array {
  return rows.values.subarray(rows.offsets[r], rows.offsets[r + 1])
}

function levelOne({ codes, items }: Embeddings): Int32Array {
  return Int32Array.from(items, (_, r) => (codes === undefined ? 0 : codes.data[r * codes.levels]))
}

/** Users to show: first those of whom the list was right, then others, in the order of the cases. */
function chosen(targets: Csr, lists: Csr): number[] {
  const users = Array.from({ length: targets.offsets.length - 1 }, (_, user) => user)
  const right = (user: number) => {
    const found = new Set(slice(lists, user).subarray(0, LIST))
    return slice(targets, user).some((item) => found.has(item))
  }
  return [...users.filter(right).slice(0, (USERS * 3) / 4), ...users.filter((user) => !right(user)).slice(0, USERS / 4)]
}

interface World {
  embeddings: Embeddings
  interests: Interests
  codes: Int32Array
  pool: Pool
}

/** A vector of a user, and what it makes of the catalogue. */
interface Asked {
  /** Null for the vector that stands for the whole user. */
  code: number | null
  probability: number
  /** What is added to its scores of items where the user's vectors are held against each other. */
  prior: number
  /** Its product with each row of the embeddings. */
  products: Float32Array
}

function askedOf({ embeddings, interests }: World, user: number): Asked[] {
  const { vectors, offsets, codes, probabilities, generalFirst, merge } = interests
  const { dim, data } = vectors
  const first = offsets[user]
  return Array.from({ length: offsets[user + 1] - first }, (_, n) => {
    const at = first + n
    return {
      code: generalFirst && n === 0 ? null : (codes?.[at] ?? 0),
      probability: probabilities?.[at] ?? 0,
      prior: merge === 'nearest' ? 0 : Math.log(Math.max(probabilities?.[at] ?? 1, 1e-30)),
      products: dots(embeddings, data.subarray(at * dim, (at + 1) * dim)),
    }
  })
}

/**
 * What each interest of a user retrieves from its own shard, the items of its code; the vector of the whole user from the whole
 * catalogue. The history is left out.
 */
function interestsOf({ embeddings, codes, pool: { row } }: World, asked: readonly Asked[], history: Int32Array) {
  const known = new Set(Array.from(history, (item) => codes[item]))
  const shown = asked.map(({ code, probability, products }): ExplorerUser['interests'][number] => {
    const mask = code === null ? undefined : shard(codes, code)
    const best = topK(products, PER_INTEREST, { skip: history, mask }).items
    return {
      code,
      probability,
      items: Array.from(best, (r) => row(embeddings.items[r])),
      inHistory: code !== null && known.has(code),
    }
  })
  return shown.sort((a, b) => b.probability - a.probability)
}

/** Code of the vector of a user that scores an item best. */
function finderOf({ embeddings, interests: { score } }: World, asked: readonly Asked[], item: number): number | null {
  const r = embeddings.items.indexOf(item)
  const scoreOf = ({ products, prior }: Asked) => score.scale * products[r] + prior
  return asked.reduce((best, each) => (scoreOf(each) > scoreOf(best) ? each : best)).code
}

/** 1 for the items of a code. */
function shard(codes: Int32Array, code: number): Uint8Array {
  return Uint8Array.from(codes, (each) => (each === code ? 1 : 0))
}

function codesOf(
  { embeddings, codes, pool: { row } }: World,
  words: Embeddings['vectors'],
  categories: string[][],
): ExplorerCode[] {
  const inCatalogue = countCategories(categories, Array.from(categories.keys()))
  const members = Array.from({ length: words.rows }, (): number[] => [])
  for (let r = 0; r < codes.length; r++) members[codes[r]]?.push(r)
  const word = (code: number) => words.data.subarray(code * words.dim, (code + 1) * words.dim)
  return members.flatMap((rows, code) => {
    if (rows.length === 0) return []
    const near = dots(embeddings, word(code))
    const best = topK(near, PER_CODE, { mask: shard(codes, code) }).items
    const inside = countCategories(categories, rows)
    const all = [...inside].map(([name, count]) => {
      const share = count / rows.length
      return { name, share, lift: share / ((inCatalogue.get(name) ?? 1) / categories.length) }
    })
    const others = members.flatMap((theirs, other) =>
      other === code || theirs.length === 0 ? [] : [{ code: other, cosine: cosine(word(code), word(other)) }],
    )
    return [
      {
        code,
        size: rows.length,
        items: Array.from(best, (r) => row(embeddings.items[r])),
        categories: all.sort((a, b) => b.share * Math.log(b.lift) - a.share * Math.log(a.lift)).slice(0, 5),
        neighbours: others.sort((a, b) => b.cosine - a.cosine).slice(0, 5),
      },
    ]
  })
}

function countCategories(categories: string[][], rows: number[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const r of rows) {
    const leaf = categories[r]?.at(-1)
    if (leaf !== undefined) counts.set(leaf, (counts.get(leaf) ?? 0) + 1)
  }
  return counts
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, left, right] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i]
    left += a[i] * a[i]
    right += b[i] * b[i]
  }
  return left === 0 || right === 0 ? 0 : dot / Math.sqrt(left * right)
}

/** Mean of the items of each code, where a system shows no codewords of its own. */
function shardMeans({ vectors: { data, dim }, items }: Embeddings, codes: Int32Array): Embeddings['vectors'] {
  const rows = codes.reduce((most, code) => Math.max(most, code), 0) + 1
  const sums = new Float32Array(rows * dim)
  for (let r = 0; r < items.length; r++) for (let i = 0; i < dim; i++) sums[codes[r] * dim + i] += data[r * dim + i]
  return { data: sums, rows, dim }
}

/**
 * What the interest explorer shows of the first row whose interests have codes; undefined where there is none.
 *
 * @param withUsers whether users with their histories are among it, or the codes alone
 */
export async function explorer(saved: SavedRun, withUsers: boolean): Promise<Explorer | undefined> {
  const row = saved.rows.find((each) => each.kind === 'exact' && each.codebook !== undefined)
  if (row === undefined) return undefined
  const at = folderOf(saved, row)
  const embeddings = readEmbeddings(await readTable(join(at, 'embeddings.arrow')))
  const interests = readInterests(await readTable(join(at, 'interests.arrow')))
  const lists = readRecommendations(await readTable(join(at, 'recommendations.arrow')))
  const cases = readCases(await readTable(saved.paths.cases))
  const items = readItems(await readTable(saved.paths.items))
  const categories = items.lists('categories') ?? items.ids.map(() => [])
  const titles = items.strings('title')
  const shown = pool((item) => ({
    id: items.ids[item],
    title: titles?.[item] ?? '',
    category: categories[item].at(-1) ?? '',
  }))
  const world: World = { embeddings, interests, codes: levelOne(embeddings), pool: shown }
  const users = (withUsers ? chosen(cases.targets, lists.items) : []).map((user): ExplorerUser => {
    const history = slice(cases.history, user)
    const asked = askedOf(world, user)
    return {
      id: cases.users[user],
      history: Array.from(history, shown.row),
      targets: Array.from(slice(cases.targets, user), shown.row),
      interests: interestsOf(world, asked, history),
      list: Array.from(slice(lists.items, user).subarray(0, LIST), (item) => ({
        item: shown.row(item),
        code: finderOf(world, asked, item),
      })),
    }
  })
  const path = join(at, 'codebook.arrow')
  const words = existsSync(path)
    ? readCodebook(await readTable(path)).levels[0].vectors
    : shardMeans(embeddings, world.codes)
  return { model: row.name, items: shown.items, users, codes: codesOf(world, words, categories) }
}
