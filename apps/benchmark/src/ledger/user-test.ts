import { pairedBootstrap, type TestResult } from '@sparc/eval'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { oneModel } from './one-model.ts'
import { seedsOf, userScores } from './scores.ts'

/** One side of a test: the seeds of a row, and what a metric says of each test user with each of them. */
export interface Side {
  rows: RowResult[]
  /** `[seeds][users]`, NaN where the metric says nothing. */
  scores: Float64Array[]
}

export async function sideOf(saved: SavedRun, name: string, metric: string): Promise<Side> {
  return { rows: seedsOf(saved, name), scores: await userScores(saved, name, metric) }
}

/**
 * Two rows held against each other over test users and seeds, which stand in pairs where both are the same trained models (a row
 * and its shards); nothing where less than two users have a value on both sides.
 */
export function testUsers(ours: Side, theirs: Side): TestResult | undefined {
  const all = [...ours.scores, ...theirs.scores]
  const users = all[0].filter((_, user) => all.every((scores) => !Number.isNaN(scores[user])))
  if (users.length < 2) return undefined
  if (!oneModel(ours.rows, theirs.rows)) return pairedBootstrap(ours.scores, theirs.scores)
  const seeds = theirs.rows.map(({ seed }) => seed)
  const inOrder = ours.rows.map(({ seed }) => theirs.scores[seeds.indexOf(seed)])
  return pairedBootstrap(ours.scores, inOrder, { pairedSeeds: true })
}
