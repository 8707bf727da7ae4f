import { rowName } from '../config/schema.ts'
import { dependsOnSeed, isLearned, systemNames } from '../pipeline/systems.ts'
import { meanAndDeviation } from '../report/summary.ts'
import { byName } from '../report/text.ts'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Rival, Test } from './claims.ts'
import { seedsOf } from './scores.ts'

/** Seeds below which a number that a run has once can't be tested, and a rival is passed over for one that has them. */
export const FEW_SEEDS = 3

/** A row that a claim may be held against. */
interface Candidate {
  name: string
  /** Mean over its seeds in the metric of the claim, NaN where its rows don't have it. */
  mean: number
  seeds: number
}

/** Whom a claim is held against in a run. */
interface Choice {
  /** Nobody, where there is no such row or none has the seeds. */
  rival?: string
  /** Rows that are better than it and have too few seeds to be held against. */
  passedOver: Candidate[]
  /** Rows there would have been. */
  candidates: Candidate[]
}

/** Whether another seed could change a row: not what draws nothing at random, nor lists that were made elsewhere. */
export function changesWithSeed({ run }: SavedRun, name: string): boolean {
  const written = run.experiment.systems.find((row) => rowName(row) === name)
  return written === undefined || dependsOnSeed(written)
}

/** What a package or a file of lists is made by nobody can say here, so they count as learned. */
function isLearnedRow({ kind, system }: RowResult): boolean {
  return kind === 'given' || !systemNames.includes(system) || isLearned(system)
}

/**
 * Whether a row is somebody else's system, by its system and under any name. Not among them: variants of the claimed system
 * itself, GemiRec with the interests of the history (which stands for no paper, but for what a claim of GemiRec takes away), and
 * shards, as accuracy is quoted on exact search.
 */
function isRival(row: RowResult, claimed: RowResult, group: 'learned' | 'all'): boolean {
  if (row.kind === 'shards' || row.system === claimed.system) return false
  if (row.system === 'gemirec' && row.options.source === 'history') return false
  return group === 'all' || isLearnedRow(row)
}

/** The rows of a run that a claim may be held against, best first. */
function candidatesOf(saved: SavedRun, row: string, than: Rival, metric: string): Candidate[] {
  const candidate = (name: string, seeds: RowResult[]): Candidate => ({
    name,
    mean: meanAndDeviation(seeds.map((each) => each.metrics.filtered[metric])).mean ?? Number.NaN,
    seeds: seeds.length,
  })
  const groups = byName(saved.rows)
  if ('row' in than) {
    const seeds = groups.get(than.row)
    return seeds === undefined ? [] : [candidate(than.row, seeds)]
  }
  const [claimed] = seedsOf(saved, row)
  return [...groups]
    .filter(([, [first]]) => isRival(first, claimed, than.bestOf))
    .map(([name, seeds]) => candidate(name, seeds))
    .filter(({ mean }) => !Number.isNaN(mean))
    .sort((a, b) => b.mean - a.mean)
}

/**
 * The rival of a claim in a run: the row itself, or the best of a group in this very metric that has enough seeds. For numbers of a
 * whole run these are three that both rows have; over users as many as the claimed row has, three at most.
 */
export function chooseRival(saved: SavedRun, test: Extract<Test, { than: Rival }>): Choice {
  const ours = seedsOf(saved, test.row).map(({ seed }) => seed)
  const candidates = candidatesOf(saved, test.row, test.than, test.metric)
  const enough = ({ name, seeds }: Candidate) => {
    if (test.kind === 'seeds') return sharedSeeds(saved, ours, name) >= FEW_SEEDS
    return seeds >= Math.min(FEW_SEEDS, ours.length) || !changesWithSeed(saved, name)
  }
  const chosen = candidates.findIndex(enough)
  if (chosen >= 0) return { rival: candidates[chosen].name, passedOver: candidates.slice(0, chosen), candidates }
  return { rival: test.kind === 'users' ? candidates[0]?.name : undefined, passedOver: [], candidates }
}

/** Seeds that a row has beside ours: all of them where none changes it. */
function sharedSeeds(saved: SavedRun, ours: readonly number[], name: string): number {
  if (!changesWithSeed(saved, name)) return ours.length
  return seedsOf(saved, name).filter(({ seed }) => ours.includes(seed)).length
}
