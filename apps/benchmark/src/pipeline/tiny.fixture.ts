import { parseExperiment } from '../config/schema.ts'
import { silent } from '../progress/progress.ts'
import { openRunFolder } from '../run-folder/folder.ts'
import { runExperiment } from './experiment.ts'

/** A run of seconds: a tiny synthetic world, few steps of small models. */
export function tinyExperiment(over: object = {}) {
  return parseExperiment(
    {
      name: 'tiny',
      dataset: 'synthetic',
      world: 'tiny',
      systems: [
        'popularity',
        'item-knn',
        'two-tower',
        { system: 'sparc', options: { codebook: { size: 8 }, explored: 3, warmUpSteps: 10 } },
      ],
      fit: { steps: 30, options: { dim: 16, batch: 64 } },
      index: { engine: 'auto', probes: [1, 2] },
      ...over,
    },
    'a test',
  )
}

/** Runs it in a folder and lets go of the folder; a system that fails is an error. */
export async function runTiny(
  path: string,
  over: object = {},
  signal = new AbortController().signal,
  say = silent.say,
) {
  const folder = await openRunFolder(path)
  try {
    const outcome = await runExperiment({
      experiment: tinyExperiment(over),
      located: { kind: 'synthetic' },
      folder,
      command: 'a test',
      progress: { ...silent, say },
      signal,
    })
    for (const { error } of outcome.failures) throw error
    return outcome
  } finally {
    await folder.lock.release()
  }
}
