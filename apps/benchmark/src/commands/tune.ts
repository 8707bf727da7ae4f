import { join } from 'node:path'
import { evaluate, recall } from '@sparc/eval'
import { queriesOf, random } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { StartOptions } from '../cli.ts'
import { hashOf } from '../config/hash.ts'
import { parseExperiment } from '../config/schema.ts'
import { locate } from '../data/locate.ts'
import { onInterrupt } from '../interrupt.ts'
import { type Data, openData } from '../pipeline/data.ts'
import { dropCheckpoints, fit } from '../pipeline/fit.ts'
import { drawSettings, searchSpace } from '../pipeline/search-space.ts'
import { split } from '../pipeline/split.ts'
import { checkRow, makeRecommender } from '../pipeline/systems.ts'
import { number } from '../report/format.ts'
import { align } from '../report/text.ts'
import { makeFolder } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'
import { lockFolder } from '../run-folder/lock.ts'
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

/** `benchmark tune SYSTEM`: the defaults and random settings, each judged by Recall@50 on validation; test users stay out. */
export async function tune(system: string, options: StartOptions & { trials: number }): Promise<void> {
  checkRow({ system, options: {} }, {})
  const dataset = options.dataset ?? 'amazon-beauty-2014'
  const located = locate(dataset, options.data, false)
  const name = `tune-${system}-${dataset}`.replaceAll(/[^a-z0-9-]+/g, '-')
  const experiment = parseExperiment(
    { name, dataset, world: 'small', seeds: [options.seed ?? 1], systems: [system], fit: { steps: options.steps } },
    'the command line',
  )
  const folder = join(options.out, options.run ?? name)
  makeFolder(folder)
  const lock = await lockFolder(folder)
  const kept = () => `Stopped. Finished trials are kept in ${folder}; the same command goes on from there`
  const { signal, done } = onInterrupt(kept)
  const progress = consoleProgress()
  try {
    const data = await openData(experiment, located)
    const parts = split(data.dataset, experiment)
    const path = join(folder, 'trials.json')
    const before = options.fresh ? undefined : await readJson<TrialsFile>(path)
    const trials = before?.fingerprint === data.dataset.fingerprint ? before.trials : []
    const settings = drawSettings(searchSpace(system), options.trials, random(options.seed ?? 1).fork('settings'))
    for (const [t, setting] of settings.entries()) {
      const known = trials.some((trial) => hashOf(trial.options) === hashOf(setting))
      if (known) continue
      signal.throwIfAborted()
      const phase = progress.phase(`trial ${t + 1} of ${settings.length}`)
      const recommender = await makeRecommender({ system, options: setting }, {})
      const job = { items: data.dataset.items, sequences: parts.train, validation: parts.validation }
      const checkpoint = join(folder, `trial-${hashOf(setting)}`)
      const seed = options.seed ?? 1
      try {
        const { report } = await fit({
          recommender,
          data: job,
          experiment,
          seed,
          checkpoint,
          phase,
          signal,
          say: progress.say,
        })
        const found = await recommender.recommend(queriesOf(parts.validation), { k: 50 })
        trials.push({
          options: setting,
          recall: score(found, parts.validation, data),
          steps: report.steps,
          seconds: report.seconds,
        })
        dropCheckpoints(checkpoint)
        phase.end(`validation R@50 ${number(trials.at(-1)?.recall)} with ${JSON.stringify(setting)}`)
      } finally {
        recommender.dispose()
      }
      await writeJson(path, { system, fingerprint: data.dataset.fingerprint, trials } satisfies TrialsFile)
    }
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
