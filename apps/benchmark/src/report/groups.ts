import { join } from 'node:path'
import { type Csr, readCases, readRecommendations, readSequences, readTable } from '@sparc/tables'
import type { SavedRun } from '../commands/runs.ts'
import { folderOf, userScores } from '../ledger/scores.ts'
import { byName } from './text.ts'

/** Recall@50 of one system in one group. */
export interface GroupPoint {
  name: string
  group: number
  recall: number
}

const DEPTH = 50
const lengths = [1, 4, 6, 8, 12, 20]

function part(rows: Csr, r: number): Int32Array {
  return rows.values.subarray(rows.offsets[r], rows.offsets[r + 1])
}

/** Decile of each item by training count, 0 the most popular; ties by row. */
export function deciles(sequences: Csr, items: number): Uint8Array {
  const counts = new Int32Array(items)
  for (const item of sequences.values) counts[item]++
  const order = Int32Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b)
  const decile = new Uint8Array(items)
  order.forEach((item, rank) => {
    decile[item] = Math.floor((rank * 10) / items)
  })
  return decile
}

/** Recall@50 by popularity of the target: per user over its targets of that decile, mean over users that have one. */
export async function byPopularityDecile(saved: SavedRun): Promise<GroupPoint[]> {
  const { numRows } = await readTable(saved.paths.items)
  const decile = deciles(readSequences(await readTable(saved.paths.train)).items, numRows)
  const { targets } = readCases(await readTable(saved.paths.cases))
  const points: GroupPoint[] = []
  for (const [name, [row]] of byName(saved.rows)) {
    const lists = readRecommendations(await readTable(join(folderOf(saved, row), 'recommendations.arrow'))).items
    const sums = new Float64Array(10)
    const users = new Int32Array(10)
    for (let user = 0; user + 1 < targets.offsets.length; user++) {
      const found = new Set(part(lists, user).subarray(0, DEPTH))
      const wanted = new Int32Array(10)
      const hits = new Int32Array(10)
      for (const item of part(targets, user)) {
        wanted[decile[item]]++
        if (found.has(item)) hits[decile[item]]++
      }
      for (let d = 0; d < 10; d++) {
        if (wanted[d] === 0) continue
        sums[d] += hits[d] / wanted[d]
        users[d]++
      }
    }
    for (let d = 0; d < 10; d++) if (users[d] > 0) points.push({ name, group: d + 1, recall: sums[d] / users[d] })
  }
  return points
}

/** Recall@50 by how many items the history holds: groups of at least 20 users. */
export async function byHistoryLength(saved: SavedRun): Promise<GroupPoint[]> {
  const { history } = readCases(await readTable(saved.paths.cases))
  const group = Int32Array.from({ length: history.offsets.length - 1 }, (_, user) =>
    lengths.findLastIndex((low) => part(history, user).length >= low),
  )
  const points: GroupPoint[] = []
  for (const name of byName(saved.rows).keys()) {
    const [scores] = await userScores(saved, name, 'recall@50')
    for (const [g, low] of lengths.entries()) {
      const mine = scores.filter((value, user) => group[user] === g && !Number.isNaN(value))
      if (mine.length < 20) continue
      points.push({ name, group: low, recall: mine.reduce((sum, value) => sum + value, 0) / mine.length })
    }
  }
  return points
}
