import { join } from 'node:path'
import { evaluate, recall, type Split } from '@sparc/eval'
import { InvalidInputError, queriesOf, random } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { TuneOptions } from '../cli.ts'
import { hashOf } from '../config/hash.ts'
import { type Experiment, parseExperiment } from '../config/schema.ts'
import { locate } from '../data/locate.ts'
import { onInterrupt } from '../interrupt.ts'
import { type Data, openData } from '../pipeline/data.ts'
import { dropCheckpoints, fit } from '../pipeline/fit.ts'
import { drawSettings, searchSpace } from '../pipeline/search-space.ts'
import { split } from '../pipeline/split.ts'
import { checkRow, makeRecommender } from '../pipeline/systems.ts'
import type { Progress } from '../progress/progress.ts'
import { number } from '../report/format.ts'
import { align } from '../report/text.ts'
import { makeFolder } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'
import { lockFolder } from '../run-folder/lock.ts'
import { tellKept } from '../supervise.ts'
import { consoleProgress } from './sitting.ts'

/** One setting, and what it came to on the validation users. */
interface Trial {
  options: Record<string, unknown>
  recall: number
  /** Steps that were trained. */
  steps: number
  seconds: number
  /** Training has ended; else it was left behind after some steps, and its checkpoint is there. */
  ended: boolean
}

interface TrialsFile {
  system: string
  fingerprint: string
  /** Steps a trial may take; trials of another budget are others. */
  budget?: number
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

const sameSetting = (trial: Trial, setting: Setting) => hashOf(trial.options) === hashOf(setting)

/** Fits one setting on the training users, to the end or a pause, and scores it on the validation users; test users stay out. */
async function tryOut(search: Search, setting: Setting, label: string, pauseAt?: number): Promise<Trial> {
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
    const found = await recommender.recommend(queriesOf(parts.validation), { k: 50 })
    const value = score(found, parts.validation, data)
    phase.end(`validation R@50 ${number(value)} with ${JSON.stringify(setting)}`)
    if (report) dropCheckpoints(checkpoint)
    const { step: steps, seconds } = log.validation.at(-1) ?? { step: 0, seconds: 0 }
    const took = report ?? { steps, seconds }
    return { options: setting, recall: value, steps: took.steps, seconds: took.seconds, ended: report !== undefined }
  } finally {
    recommender.dispose()
  }
}

/**
 * Successive halving (Jamieson & Talwalkar 2016): all settings are trained for a part of the steps, the better half of them goes
 * on to twice as many, and so on; those that come to the last rung are trained to the end. One rung is plain random search.
 * What has been tried is kept as it ends, and a setting that goes on resumes its training.
 */
async function trialsOf(
  search: Search,
  { trials: count, rungs, steps, fresh, options: fixed }: TuneOptions,
): Promise<Trial[]> {
  const { system, data, folder, seed } = search
  const { fingerprint } = data.dataset
  const path = join(folder, 'trials.json')
  const before = fresh ? undefined : await readJson<TrialsFile>(path)
  const trials = before?.fingerprint === fingerprint && before.budget === steps ? before.trials : []
  const space = Object.entries(searchSpace(system)).filter(([name]) => fixed?.[name] === undefined)
  const drawn = drawSettings(Object.fromEntries(space), count, random(seed).fork('settings'))
  let settings = drawn.map((setting) => ({ ...setting, ...fixed }))
  for (let rung = 1; rung <= rungs; rung++) {
    const pauseAt = rung < rungs && steps !== undefined ? Math.ceil(steps / 2 ** (rungs - rung)) : undefined
    for (const [t, setting] of settings.entries()) {
      const at = trials.findIndex((trial) => sameSetting(trial, setting))
      if (at >= 0 && (trials[at].ended || trials[at].steps >= (pauseAt ?? Number.POSITIVE_INFINITY))) continue
      const label = `trial ${t + 1} of ${settings.length}${rungs > 1 ? `, rung ${rung} of ${rungs}` : ''}`
      const trial = await tryOut(search, setting, label, pauseAt)
      trials.splice(at < 0 ? trials.length : at, 1, trial)
      await writeJson(path, { system, fingerprint, budget: steps, trials } satisfies TrialsFile)
    }
    const reached = trials.filter((trial) => settings.some((setting) => sameSetting(trial, setting)))
    settings = reached
      .sort((a, b) => b.recall - a.recall)
      .slice(0, Math.ceil(settings.length / 2))
      .map(({ options }) => options)
  }
  return trials
}

/** `benchmark tune SYSTEM`: the defaults and random settings, each judged by Recall@50 on the validation users. */
export async function tune(system: string, options: TuneOptions): Promise<void> {
  checkRow({ system, options: options.options ?? {} }, {})
  if (options.rungs > 1 && options.steps === undefined) {
    throw new InvalidInputError('RUNGS_WITHOUT_STEPS', {
      what: 'Rungs are parts of the training steps, and no --steps were given',
      given: `--rungs ${options.rungs}`,
      allowed: '--rungs 1, or --rungs with --steps',
      next: 'Say --steps 1500, for example',
    })
  }
  const dataset = options.dataset ?? 'amazon-beauty-2014'
  const located = locate(dataset, options.data, false)
  const name = `tune-${system}-${dataset}`.replaceAll(/[^a-z0-9-]+/g, '-')
  const seed = options.seed ?? 1
  const experiment = parseExperiment(
    { name, dataset, world: 'small', seeds: [seed], systems: [system], fit: { steps: options.steps } },
    'the command line',
  )
  const folder = join(options.out, options.run ?? name)
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
    const trials = await trialsOf(search, options)
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
function bestFirst(trials: readonly Trial[]): Trial[] {
  const reached = ({ ended, steps }: Trial) => (ended ? Number.MAX_SAFE_INTEGER : steps)
  return [...trials].sort((a, b) => reached(b) - reached(a) || b.recall - a.recall)
}

function table(trials: readonly Trial[]): string {
  const body = bestFirst(trials).map(({ options, recall: value, steps, seconds }) => [
    Object.keys(options).length === 0 ? 'the defaults' : JSON.stringify(options),
    number(value),
    String(steps),
    seconds.toFixed(1),
  ])
  return align([['options, best first', 'validation R@50', 'steps', 'seconds'], ...body])
}
