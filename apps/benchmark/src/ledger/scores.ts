import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { caseScores } from '@sparc/eval'
import {
  InvalidInputError,
  readCases,
  readEmbeddings,
  readInterests,
  readRecommendations,
  readTable,
} from '@sparc/tables'
import { interestCosines } from '../pipeline/interests.ts'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'

/** The rows of one name in a run, one a seed. */
export function seedsOf({ rows }: SavedRun, name: string): RowResult[] {
  return rows.filter((row) => row.name === name)
}

/** Folder of a row. */
export function folderOf({ paths, run }: SavedRun, row: RowResult): string {
  return paths.row(row.name, row.seed, row.seed === run.experiment.seeds[0])
}

/**
 * A metric of each test user, one array a seed; NaN where it says nothing. Besides the metrics of `users.arrow`:
 * `interests/distance` (1 - mean cosine of a user's interest vectors) and `unseen-interests/recall@50` (targets whose
 * level-1 code no item of the history has; the codes are those of the row `sparc`, the same for everybody).
 */
export async function userScores(saved: SavedRun, name: string, metric: string): Promise<Float64Array[]> {
  const scores: Float64Array[] = []
  for (const row of seedsOf(saved, name)) {
    const at = folderOf(saved, row)
    if (metric === 'interests/distance') scores.push(await distances(at))
    else if (metric === 'unseen-interests/recall@50') scores.push(await unseen(saved, at))
    else scores.push(caseScores({ perCase: await readTable(join(at, 'users.arrow')) }, metric, name))
  }
  return scores
}

/** The metrics that `userScores` knows of some row of a run. */
export async function metricsOfUsers(saved: SavedRun): Promise<string[]> {
  const names = new Set<string>()
  for (const row of saved.rows) {
    const at = folderOf(saved, row)
    for (const { name } of (await readTable(join(at, 'users.arrow'))).schema.fields)
      if (name.includes('@')) names.add(name)
    if (existsSync(join(at, 'interests.arrow'))) names.add('interests/distance')
    if (row.name === 'sparc') names.add('unseen-interests/recall@50')
  }
  return [...names]
}

async function distances(at: string): Promise<Float64Array> {
  const interests = readInterests(await readTable(join(at, 'interests.arrow')))
  return interestCosines(interests).map((cosine) => 1 - cosine)
}

async function unseen(saved: SavedRun, at: string): Promise<Float64Array> {
  const [reference] = seedsOf(saved, 'sparc')
  if (reference === undefined) {
    throw new InvalidInputError('UNKNOWN_METRIC', {
      what: 'Which interests a history shows is told by the codes of the row sparc, and the run has none',
      given: saved.paths.path,
      next: 'Run sparc in it, or ask for another metric',
    })
  }
  const { codes, items } = readEmbeddings(await readTable(join(folderOf(saved, reference), 'embeddings.arrow')))
  const codeOf = new Map(Array.from(items, (item, r) => [item, codes?.data[r * codes.levels]]))
  const { history, targets } = readCases(await readTable(saved.paths.cases))
  const lists = readRecommendations(await readTable(join(at, 'recommendations.arrow'))).items
  return Float64Array.from({ length: targets.offsets.length - 1 }, (_, user) => {
    const part = (rows: typeof lists) => rows.values.subarray(rows.offsets[user], rows.offsets[user + 1])
    const known = new Set(Array.from(part(history), (item) => codeOf.get(item)))
    const wanted = Array.from(part(targets)).filter((item) => !known.has(codeOf.get(item)))
    if (wanted.length === 0) return Number.NaN
    const found = new Set(part(lists).subarray(0, 50))
    return wanted.filter((item) => found.has(item)).length / wanted.length
  })
}
