import { join } from 'node:path'
import { evaluate, recall, type Split } from '@sparc/eval'
import { queriesOf, random } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { StartOptions } from '../cli.ts'
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
  steps: number
  seconds: number
}

interface TrialsFile {
  system: string
  fingerprint: string
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

/** Fits one setting on the training users and scores it on the validation users; test users stay out. */
async function tryOut(search: Search, setting: Record<string, unknown>, label: string): Promise<Trial> {
  const { system, experiment, data, parts, folder, seed, progress, signal } = search
  signal.throwIfAborted()
  const phase = progress.phase(label)
  const recommender = await makeRecommender({ system, options: setting }, {})
  const job = { items: data.dataset.items, sequences: parts.train, validation: parts.validation }
  const checkpoint = join(folder, `trial-${hashOf(setting)}`)
  try {
    const { say } = progress
    const { report } = await fit({ recommender, data: job, experiment, seed, checkpoint, phase, signal, say })
    const found = await recommender.recommend(queriesOf(parts.validation), { k: 50 })
    const value = score(found, parts.validation, data)
    phase.end(`validation R@50 ${number(value)} with ${JSON.stringify(setting)}`)
    dropCheckpoints(checkpoint)
    return { options: setting, recall: value, steps: report.steps, seconds: report.seconds }
  } finally {
    recommender.dispose()
  }
}

/** Tries what has not been tried yet, and keeps each trial as it ends. */
async function trialsOf(search: Search, count: number, fresh: boolean): Promise<Trial[]> {
  const { system, data, folder, seed } = search
  const { fingerprint } = data.dataset
  const path = join(folder, 'trials.json')
  const before = fresh ? undefined : await readJson<TrialsFile>(path)
  const trials = before?.fingerprint === fingerprint ? before.trials : []
  const settings = drawSettings(searchSpace(system), count, random(seed).fork('settings'))
  for (const [t, setting] of settings.entries()) {
    if (trials.some((trial) => hashOf(trial.options) === hashOf(setting))) continue
    trials.push(await tryOut(search, setting, `trial ${t + 1} of ${settings.length}`))
    await writeJson(path, { system, fingerprint, trials } satisfies TrialsFile)
  }
  return trials
}

/** `benchmark tune SYSTEM`: the defaults and random settings, each judged by Recall@50 on the validation users. */
export async function tune(system: string, options: StartOptions & { trials: number }): Promise<void> {
  checkRow({ system, options: {} }, {})
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
    const trials = await trialsOf(search, options.trials, options.fresh ?? false)
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

function table(trials: readonly Trial[]): string {
  const sorted = [...trials].sort((a, b) => b.recall - a.recall)
  const body = sorted.map(({ options, recall: value, steps, seconds }) => [
    Object.keys(options).length === 0 ? 'the defaults' : JSON.stringify(options),
    number(value),
    String(steps),
    seconds.toFixed(1),
  ])
  return align([['options, best first', 'validation R@50', 'steps', 'seconds'], ...body])
}
