import { InvalidInputError, suggest } from '@sparc/tables'
import type { Experiment, Row, Study } from './schema.ts'
import { rowName } from './schema.ts'
import type { SplitKind } from './split-kinds.ts'

/** What of a study is to be run now; everything where nothing is said. */
export interface Part {
  /** Names of experiments. */
  experiments?: readonly string[]
  /** Names of data sets, or parts of them: `beauty`. */
  datasets?: readonly string[]
  /** Names of rows; a name that no row has is that of a system, and stands for all its rows. */
  models?: readonly string[]
  seeds?: readonly number[]
}

/** The same study by another split: what is not by it already has another name, and no numbers of others. */
export function bySplit(study: Study, split: SplitKind | undefined): Study {
  if (split === undefined || study.experiments.every((each) => each.split === split)) return study
  const experiments = study.experiments.map((each) =>
    each.split === split ? each : { ...each, split, name: `${each.name}-${split}`, published: undefined },
  )
  return { ...study, name: `${study.name}-${split}`, experiments }
}

/** Whether a row with a seed belongs to the part. */
export type Wanted = (row: Row, seed: number) => boolean

/** An experiment, and what of it is to be run. */
export interface Job {
  experiment: Experiment
  wanted: Wanted
}

function isDataset(experiment: Experiment, name: string): boolean {
  return experiment.dataset === name || experiment.dataset.split(/[-/]/).includes(name)
}

function isModel(row: Row, name: string): boolean {
  return rowName(row) === name || row.system === name
}

/** Every name that was given must stand for something: a misspelt one would silently run nothing. */
function checkNames(option: string, given: readonly string[] | undefined, known: readonly string[], fits: Fits): void {
  const names = [...new Set(known)]
  for (const name of given ?? []) {
    if (fits(name)) continue
    // Every number is near to every other.
    const near = /^\d+$/.test(name) ? undefined : suggest(name, names)
    throw new InvalidInputError('UNKNOWN_PART', {
      what: `This configuration has nothing that ${option} names`,
      given: name,
      allowed: names.join(', '),
      next: near === undefined ? `Correct ${option}` : `Did you mean ${near}?`,
    })
  }
}
type Fits = (name: string) => boolean

/**
 * The experiments of a study of which something is to be run, with what. The experiments stay whole, so that a part that is
 * run later joins the same run.
 *
 * @throws InvalidInputError `UNKNOWN_PART` where an option names nothing in the study
 */
export function cutStudy({ experiments }: Study, part: Part): Job[] {
  const rows = experiments.flatMap(({ systems }) => systems)
  const seeds = experiments.flatMap((each) => each.seeds)
  checkNames(
    '--experiments',
    part.experiments,
    experiments.map(({ name }) => name),
    (name) => experiments.some((each) => each.name === name),
  )
  checkNames(
    '--datasets',
    part.datasets,
    experiments.map(({ dataset }) => dataset),
    (name) => experiments.some((each) => isDataset(each, name)),
  )
  checkNames('--models', part.models, rows.map(rowName), (name) => rows.some((row) => isModel(row, name)))
  checkNames('--seeds', part.seeds?.map(String), seeds.map(String), (seed) => seeds.includes(Number(seed)))
  const named = new Set(rows.map(rowName))
  const wanted: Wanted = (row, seed) =>
    (part.models?.some((name) => (named.has(name) ? rowName(row) === name : row.system === name)) ?? true) &&
    (part.seeds?.includes(seed) ?? true)
  return experiments
    .filter(({ name }) => part.experiments?.includes(name) ?? true)
    .filter((experiment) => part.datasets?.some((name) => isDataset(experiment, name)) ?? true)
    .filter(({ systems, seeds: own }) => systems.some((row) => own.some((seed) => wanted(row, seed))))
    .map((experiment) => ({ experiment, wanted }))
}
