import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isVectorRecommender, loadTensorflow, type Recommender } from '@sparc/model'
import { InvalidInputError } from '@sparc/tables'
import { rowHash } from '../config/hash.ts'
import { type Experiment, type Row, rowName } from '../config/schema.ts'
import { number } from '../report/format.ts'
import type { RunPaths } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'
import type { RowResult } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import { type Context, sayOnce } from './context.ts'
import { dropCheckpoints, fit } from './fit.ts'
import { contentOf, givenLists } from './given-lists.ts'
import { keepAndMeasure, listLength } from './lists.ts'
import { serve } from './serve.ts'
import { shownIn } from './stopwatch.ts'
import { allOptions, fitsOf, isLearned, makeRecommender, optionsOf } from './systems.ts'

/** Written last: the row is finished. */
export const resultFile = 'result.json'

/** A finished row and seed, as it lies in its folder. */
interface RowFile {
  /** Names the options that made it. */
  hash: string
  /** Of recommendations made elsewhere: names what was in their file. */
  content?: string
  rows: RowResult[]
}

/** An experiment, and the folder in which its rows lie. */
interface Place {
  experiment: Experiment
  folder: RunPaths
}

/** One row and seed: what is finished is read back, what is not is fitted, asked, indexed and measured. */
export async function runRow(context: Context, row: Row, seed: number): Promise<RowResult[]> {
  const { progress, signal } = context
  const kept = await keptRow(context, row, seed)
  if (kept.length > 0) {
    progress.say(`  ${rowName(row)}${seedNote(context, seed)}: kept from before`)
    return kept
  }
  signal.throwIfAborted()
  const at = folderOf(context, row, seed)
  await mkdir(at, { recursive: true })
  const rows =
    row.recommendations === undefined
      ? await learnedRow(context, row, seed, at)
      : [await givenRow(context, row, seed, at)]
  const content = await contentOf(row)
  await writeJson(join(at, resultFile), { hash: hashFor(row, context, content), content, rows } satisfies RowFile)
  dropCheckpoints(join(at, 'checkpoint'))
  return rows
}

/**
 * What a finished row and seed came to; nothing where it is not finished.
 *
 * @throws InvalidInputError `ROW_MISMATCH` where it was made with other options than it has in the experiment
 */
export async function keptRow(context: Place, row: Row, seed: number): Promise<RowResult[]> {
  const at = folderOf(context, row, seed)
  const finished = await readJson<RowFile>(join(at, resultFile))
  if (finished === undefined) return []
  // Lists made elsewhere may have been measured on another machine, or be gone: then what was measured stays.
  const content = (await contentOf(row)) ?? finished.content
  if (finished.hash !== hashFor(row, context, content)) throw changedRow(rowName(row), at)
  return finished.rows
}

/** Whether a row and seed is finished, whatever options made it. */
export function isMade(place: Place, row: Row, seed: number): boolean {
  return existsSync(join(folderOf(place, row, seed), resultFile))
}

/**
 * All options of the rows of a run, by name: as `run.json` says them, and of a run of an earlier version those that the hash of a
 * finished row says to be still the same. Rows of which neither is known are left out.
 */
export async function knownOptions({ run, paths }: Pick<SavedRun, 'run' | 'paths'>): Promise<Record<string, object>> {
  if (run.options !== undefined) return run.options
  const place = { experiment: run.experiment, folder: paths }
  const known: Record<string, object> = {}
  for (const { row, seed } of fitsOf(run.experiment)) {
    const rows = await keptRow(place, row, seed).catch(() => [])
    if (rows.length > 0) Object.assign(known, optionsOf({ systems: [row], fit: run.experiment.fit }))
  }
  return known
}

function hashFor(row: Row, { experiment }: Place, content: string | undefined): string {
  return rowHash(row, experiment, allOptions(row, experiment.fit.options), content)
}

function folderOf({ folder, experiment }: Place, row: Row, seed: number): string {
  return folder.row(rowName(row), seed, seed === experiment.seeds[0])
}

function changedRow(name: string, at: string): InvalidInputError {
  return new InvalidInputError('ROW_MISMATCH', {
    what: 'A finished system of this run was made with other options than it has now, or by a version with other defaults',
    given: `${name} in ${at}`,
    allowed: 'new rows and further seeds; the rows that are there must stay as they are',
    next: 'Give the changed row another name, delete its folder, or begin a new run with --run NAME',
  })
}

function seedNote({ experiment }: Context, seed: number): string {
  return experiment.seeds.length > 1 ? ` (seed ${seed})` : ''
}

async function learnedRow(context: Context, row: Row, seed: number, at: string): Promise<RowResult[]> {
  const { experiment, split, data, progress, signal, watch } = context
  const name = rowName(row)
  const phase = progress.phase(`${name}${seedNote(context, seed)}`)
  const recommender = await makeRecommender(row, experiment.fit.options)
  try {
    if (row.system !== undefined && isLearned(row.system)) await nameBackend(context)
    const { report, log } = await watch.time('fit', () =>
      fit({
        recommender,
        data: { items: data.dataset.items, sequences: split.train, validation: split.validation },
        experiment,
        seed,
        checkpoint: join(at, 'checkpoint'),
        phase,
        signal,
        say: progress.say,
      }),
    )
    await writeJson(join(at, 'training.json'), log)
    const after = { ...context, watch: shownIn(phase, watch) }
    const { filtered, seconds, metrics } = await askAndMeasure(after, recommender, at)
    const exact: RowResult = {
      format: 1,
      name,
      system: row.system ?? row.package ?? name,
      seed,
      kind: 'exact',
      metrics,
      steps: report.steps,
      seconds: { fit: report.seconds, recommend: seconds },
      microsecondsPerQuery: (seconds * 1e6) / Math.max(1, filtered.numRows),
      scanned: 1,
      stopped: report.stopped,
      best: report.best,
      backend: report.backend,
      options: row.options,
      notes: report.skipped > 0 ? [`${report.skipped} training users with one interaction were skipped`] : [],
    }
    const rows = isVectorRecommender(recommender) ? await serve(after, recommender, exact, at) : [exact]
    await after.watch.time('save', () => recommender.save(join(at, 'model')))
    phase.end(`R@50 ${number(exact.metrics.filtered['recall@50'])}, ${report.steps} steps, ${report.stopped}`)
    return rows
  } finally {
    recommender.dispose()
  }
}

/** One line where training runs on something slower than the native library. */
async function nameBackend(context: Context): Promise<void> {
  const { backend, advice } = await loadTensorflow()
  if (advice !== undefined) sayOnce(context, `TensorFlow runs on ${backend}. ${advice}`)
}

/** Fourth and fifth stage for the exact answer: both kinds of lists, kept as Arrow files, and their metrics. */
async function askAndMeasure(context: Context, recommender: Recommender, at: string) {
  const { queries, signal, watch } = context
  const start = performance.now()
  const filtered = await watch.time('recommend', () => recommender.recommend(queries, { k: listLength }))
  const seconds = (performance.now() - start) / 1000
  signal.throwIfAborted()
  const unfiltered = await watch.time('recommend', () =>
    recommender.recommend(queries, { k: listLength, excludeSeen: false }),
  )
  signal.throwIfAborted()
  const metrics = await keepAndMeasure(context, filtered, unfiltered, at)
  return { filtered, seconds, metrics }
}

/** A row of lists that were made elsewhere: history is taken out of them for the headline. */
async function givenRow(context: Context, row: Row, seed: number, at: string): Promise<RowResult> {
  const phase = context.progress.phase(rowName(row))
  const { filtered, unfiltered, notes } = await givenLists(row.recommendations!, context)
  const shown = { ...context, watch: shownIn(phase, context.watch) }
  const metrics = await keepAndMeasure(shown, filtered, unfiltered, at)
  phase.end(`R@50 ${number(metrics.filtered['recall@50'])}`)
  return {
    format: 1,
    name: rowName(row),
    system: row.recommendations!.replace(/^.*[\\/]/, ''),
    seed,
    kind: 'given',
    metrics,
    steps: 0,
    seconds: { fit: 0, recommend: 0 },
    options: {},
    notes,
  }
}
