import { parseExperiment } from '../config/schema.ts'
import { defaultDataset, locate } from '../data/locate.ts'
import { checkFresh } from './fresh.ts'
import type { StartOptions } from './options.ts'
import { sit } from './sitting.ts'

/** The systems of `npm start`. */
const defaultSystems = ['popularity', 'item-knn', 'two-tower', 'comirec-sa', 'sparc']

/** Seconds of training at most, per system, so that the whole stays within 12 minutes on a slow machine too. */
const SECONDS = 200

/** `npm start`: the short default benchmark, or a variation of it. */
export async function start(options: StartOptions): Promise<void> {
  checkFresh({ fresh: options.fresh, run: options.run })
  const located =
    options.smoke && options.dataset === undefined
      ? { kind: 'synthetic' as const }
      : locate(options.dataset ?? defaultDataset, options.data, options.dataset === undefined)
  if (located.kind === 'synthetic' && 'why' in located && located.why) process.stdout.write(`${located.why}\n`)
  const dataset = located.kind === 'synthetic' ? 'synthetic' : located.name
  const smoke = options.smoke ?? false
  if (smoke) process.stdout.write('Smoke run: everything once, on a small synthetic world with few training steps.\n')
  const experiment = parseExperiment(
    {
      name: smoke ? 'smoke' : dataset.replace(/[^a-z0-9]+/g, '-'),
      about: smoke ? 'Everything once, on little data.' : 'The short default benchmark.',
      dataset,
      split: options.split,
      world: smoke ? 'small' : 'default',
      seeds: [options.seed ?? 1],
      systems: options.models ?? defaultSystems,
      fit: { steps: options.steps ?? (smoke ? 60 : undefined), seconds: SECONDS },
      index: { engine: options.engine ?? 'auto', probes: [0.5, 1, 2] },
    },
    'the command line',
  )
  await sit({ experiment, located, command: commandOf(options) }, options)
}

function commandOf(options: StartOptions): string {
  const parts = ['npm start']
  const given = [
    options.dataset && `--dataset ${options.dataset}`,
    options.split && `--split ${options.split}`,
    options.models && `--models ${options.models.join(',')}`,
    options.seed !== undefined && options.seed !== 1 && `--seed ${options.seed}`,
    options.steps !== undefined && `--steps ${options.steps}`,
    options.engine && options.engine !== 'auto' && `--engine ${options.engine}`,
    options.smoke && '--smoke',
  ].filter((part) => typeof part === 'string')
  if (given.length > 0) parts.push('--', ...given)
  return parts.join(' ')
}
