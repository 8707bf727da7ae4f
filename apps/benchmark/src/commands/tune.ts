import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { evaluate, recall, type Split } from '@sparc/eval'
import { InvalidInputError, queriesOf, random } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { hashOf } from '../config/hash.ts'
import { type Experiment, parseExperiment } from '../config/schema.ts'
import { locate } from '../data/locate.ts'
import { onInterrupt } from '../interrupt.ts'
import { type Data, openData } from '../pipeline/data.ts'
import { dropCheckpoints, fit } from '../pipeline/fit.ts'
import { drawSettings, searchSpace } from '../pipeline/search-space.ts'
import { split } from '../pipeline/split.ts'
import { allOptions, checkRow, makeRecommender } from '../pipeline/systems.ts'
import type { Progress } from '../progress/progress.ts'
import { number } from '../report/format.ts'
import { align } from '../report/text.ts'
import { makeFolder, runFolder } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'
import { lockFolder } from '../run-folder/lock.ts'
import { tellKept } from '../supervised.ts'
import type { TuneOptions } from './options.ts'
import { consoleProgress } from './sitting.ts'

/** One setting, and what it came to on the validation users. */
interface Trial {
  options: Setting
  /** Recall@50 of the best state after so many steps: at each pause, and at the end. */
  recalls: { steps: number; recall: number }[]
  seconds: number
  /** Training has ended; else it was left behind after some steps, and its checkpoint is there. */
  ended: boolean
}

/** What is kept of a search. Trials of other data, steps, rungs, seed or defaults are others. */
interface TrialsFile {
  system: string
  search: string
  trials: Trial[]
}

interface Search {
  system: string
  experiment: Experiment
  data: Data
  parts: Split
  folder: string
  seed: number
  progress: Progress
  signal: AbortSignal
}

type Setting = Record<string, unknown>

/** Steps between two validations of the trainer: pauses come there. */
const VALIDATION = 100

const lastOf = ({ recalls }: Trial) => recalls[recalls.length - 1]

/** Recall after so many steps, or at an earlier end; nothing where training went past it without a pause. */
function recallAt(trial: Trial, steps: number): number | undefined {
  const at = trial.recalls.find((each) => each.steps === steps)
  if (at) return at.recall
  const last = lastOf(trial)
  return trial.ended && last.steps < steps ? last.recall : undefined
}

/** Fits one setting on the training users, to the end or a pause, and scores it on the validation users; test users stay out. */
async function tryOut(
  search: Search,
  setting: Setting,
  label: string,
  before?: Trial,
  pauseAt?: number,
): Promise<Trial> {
  const { system, experiment, data, parts, folder, seed, progress, signal } = search
  signal.throwIfAborted()
  const phase = progress.phase(label)
  const recommender = await makeRecommender({ system, options: setting }, {})
  const job = { items: data.dataset.items, sequences: parts.train, validation: parts.validation }
  const checkpoint = join(folder, `trial-${hashOf(setting)}`)
  try {
    const { say } = progress
    const { report, log } = await fit({
      recommender,
      data: job,
      experiment,
      seed,
      checkpoint,
      phase,
      signal,
      say,
      pauseAt,
    })
    phase.update(1, 'recommend ...')
    const found = await recommender.recommend(queriesOf(parts.validation), { k: 50 })
    const recall = score(found, parts.validation, data)
    phase.end(`validation R@50 ${number(recall)} with ${JSON.stringify(setting)}`)
    if (report) dropCheckpoints(checkpoint)
    const { steps, seconds } = report ?? { steps: pauseAt ?? 0, seconds: log.validation.at(-1)?.seconds ?? 0 }
    const recalls = [...(before?.recalls ?? []), { steps, recall }]
    return { options: setting, recalls, seconds, ended: report !== undefined }
  } finally {
    recommender.dispose()
  }
}

/** The step at which each rung but the last pauses: a half, a quarter, ... of all, where the trainer validates. */
function pausesOf(system: string, { rungs, steps, options = {} }: TuneOptions): number[] {
  if (rungs <= 1) return []
  const shares = Array.from({ length: rungs - 1 }, (_, r) => 2 ** (rungs - 1 - r))
  const pauses = shares.map((share) => VALIDATION * Math.ceil((steps ?? 0) / share / VALIDATION))
  // What learns its codes after a warm-up is not yet what it is going to be.
  const warmUp: unknown = Reflect.get(allOptions({ system, options }, {}) ?? {}, 'warmUpSteps')
  const least = VALIDATION + (typeof warmUp === 'number' ? warmUp : 0)
  const distinct = pauses.every((pause, r) => pause >= least && pause < (pauses[r + 1] ?? steps ?? 0))
  if (distinct) return pauses
  throw new InvalidInputError('TOO_MANY_RUNGS', {
    what: 'The rungs are parts of the training steps, and the first of them ends before a setting can be judged',
    given: `--rungs ${rungs}, ${steps === undefined ? 'without --steps' : `--steps ${steps}`}`,
    allowed: `at least ${least} steps for the first rung of ${system}: --steps ${least * 2 ** (rungs - 1)} or more`,
    next: 'Ask for more steps, or fewer rungs',
  })
}

/**
 * Successive halving (Jamieson & Talwalkar 2016): all settings are trained for a part of the steps, the better half of them goes
 * on to twice as many, and so on; those that come to the last rung are trained to the end. One rung is plain random search.
 * What has been tried is kept as it ends, and a setting that goes on resumes its training.
 *
 * @returns the trials of this search, whatever else the folder keeps
 */
async function trialsOf(search: Search, options: TuneOptions, pauses: readonly number[]): Promise<Trial[]> {
  const { system, data, folder, seed } = search
  const { trials: count, rungs, steps, fresh, options: fixed } = options
  const path = join(folder, 'trials.json')
  const { fingerprint } = data.dataset
  const name = hashOf({ fingerprint, steps, seed, rungs, options: allOptions({ system, options: {} }, {}) })
  const kept = fresh ? undefined : await readJson<TrialsFile>(path)
  const trials = kept?.search === name ? kept.trials : []
  if (trials.length === 0) dropOthers(folder)
  const space = Object.entries(searchSpace(system)).filter(([option]) => fixed?.[option] === undefined)
  const resolve = (setting: Setting) => allOptions({ system, options: { ...setting, ...fixed } }, {})
  const drawn = drawSettings(Object.fromEntries(space), count, random(seed).fork('settings'), resolve)
  let settings: Setting[] = drawn.map((setting) => ({ ...setting, ...fixed }))
  // The folder may have trials of other held options, too.
  const asked = new Set(settings.map(hashOf))
  for (let rung = 0; rung < rungs; rung++) {
    const pauseAt = pauses[rung]
    const reached: Trial[] = []
    for (const [t, setting] of settings.entries()) {
      const at = trials.findIndex((each) => hashOf(each.options) === hashOf(setting))
      let trial = trials[at]
      if (!trial?.ended && !(pauseAt !== undefined && trial && lastOf(trial).steps >= pauseAt)) {
        const label = `trial ${t + 1} of ${settings.length}${rungs > 1 ? `, rung ${rung + 1} of ${rungs}` : ''}`
        trial = await tryOut(search, setting, label, trial, pauseAt)
        trials.splice(at < 0 ? trials.length : at, 1, trial)
        await writeJson(path, { system, search: name, trials } satisfies TrialsFile)
      }
      reached.push(trial)
    }
    const judged = reached.map((trial) => ({ trial, recall: recallAt(trial, pauseAt ?? 0) ?? -1 }))
    judged.sort((a, b) => b.recall - a.recall)
    settings = judged.slice(0, Math.ceil(settings.length / 2)).map(({ trial }) => trial.options)
  }
  return trials.filter((trial) => asked.has(hashOf(trial.options)))
}

/** Removes what another search has left in the folder. */
function dropOthers(folder: string): void {
  for (const entry of readdirSync(folder)) {
    if (entry.startsWith('trial-')) rmSync(join(folder, entry), { recursive: true })
  }
}

/** `benchmark tune SYSTEM`: the defaults and random settings, each judged by Recall@50 on the validation users. */
export async function tune(system: string, options: TuneOptions): Promise<void> {
  checkRow({ system, options: options.options ?? {} }, {})
  const pauses = pausesOf(system, options)
  const dataset = options.dataset ?? 'amazon-beauty-2014'
  const located = locate(dataset, options.data, false)
  const name = `tune-${system}-${dataset}`.replaceAll(/[^a-z0-9-]+/g, '-')
  const seed = options.seed ?? 1
  const experiment = parseExperiment(
    { name, dataset, world: 'small', seeds: [seed], systems: [system], fit: { steps: options.steps } },
    'the command line',
  )
  const folder = runFolder(options.out, options.run ?? name)
  makeFolder(folder)
  const lock = await lockFolder(folder)
  const kept = () => `Stopped. Finished trials are kept in ${folder}; the same command goes on from there`
  tellKept(kept())
  const { signal, done } = onInterrupt(kept)
  const progress = consoleProgress()
  try {
    const data = await openData(experiment, located)
    const parts = split(data.dataset, experiment)
    const search = { system, experiment, data, parts, folder, seed, progress, signal }
    const trials = await trialsOf(search, options, pauses)
    progress.stop()
    process.stdout.write(`${table(trials)}\n`)
  } finally {
    progress.stop()
    done()
    await lock.release()
  }
}

function score(found: Table, cases: Table, { dataset }: Data): number {
  const { metrics } = evaluate(found, cases, {
    metrics: [recall(50)],
    items: dataset.items,
    slices: [],
    perCase: false,
  })
  return metrics['recall@50'].mean ?? 0
}

/** Those that were trained to the end, then those that were left behind, the last of them first. */
function table(trials: readonly Trial[]): string {
  const reached = (trial: Trial) => (trial.ended ? Number.MAX_SAFE_INTEGER : lastOf(trial).steps)
  const sorted = [...trials].sort((a, b) => reached(b) - reached(a) || lastOf(b).recall - lastOf(a).recall)
  const body = sorted.map((trial) => [
    Object.keys(trial.options).length === 0 ? 'the defaults' : JSON.stringify(trial.options),
    number(lastOf(trial).recall),
    String(lastOf(trial).steps),
    trial.seconds.toFixed(1),
  ])
  return align([['options, best first', 'validation R@50', 'steps', 'seconds'], ...body])
}
