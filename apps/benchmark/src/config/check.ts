import { InvalidInputError, suggest } from '@sparc/tables'
import { metricNames } from '../pipeline/measure.ts'
import type { Experiment } from './schema.ts'

/** The first value that a list has twice. */
function twice<T>(values: readonly T[]): T | undefined {
  return values.find((value, i) => values.indexOf(value) < i)
}

/**
 * Looks at what the parts of an experiment say of each other: each seed is there once, and the rows and metrics that it names are
 * there.
 *
 * @param names of its rows
 * @param reference the one that was written; the one that is taken where nothing is said need not be there
 * @throws InvalidInputError `INVALID_CONFIG`
 */
export function checkExperiment(
  { seeds, index, published = [] }: Pick<Experiment, 'seeds' | 'index' | 'published'>,
  names: readonly string[],
  reference: string | undefined,
  where: string,
): void {
  const seed = twice(seeds)
  if (seed !== undefined) {
    throw new InvalidInputError('INVALID_CONFIG', {
      what: `"seeds" in ${where} has a seed twice, which would be measured as if it were two`,
      given: seeds.join(', '),
      allowed: 'each seed once',
      next: `Remove one of the two ${seed}`,
    })
  }
  for (const { name, metrics } of published) for (const key of Object.keys(metrics)) checkMetric(key, name, where)
  for (const name of index.rows ?? []) checkNamed('"index.rows"', name, names, where)
  if (reference === undefined) return
  // What an index finds of a row stands beside it, once for each way of merging.
  const searched = names.flatMap((name) => [`${name}-shards`, ...index.merges.map((each) => `${name}-shards-${each}`)])
  if (!searched.includes(reference)) checkNamed('"reference"', reference, names, where)
}

/** Numbers of others may be at a K that nothing here is measured at, and of a slice. */
function checkMetric(key: string, name: string, where: string): void {
  const [, slice = '', family, k] = /^(.*\/)?(.*?)(@.*)?$/.exec(key) ?? []
  if (metricNames.includes(family) && /^@[1-9]\d*$/.test(k ?? '')) return
  const near = suggest(family, metricNames)
  throw new InvalidInputError('INVALID_CONFIG', {
    what: `"published" names a metric that there is not in ${where}`,
    given: `${key} of ${name}`,
    allowed: `${metricNames.join(', ')}, each with @ and the length of the list: recall@10`,
    next:
      near === undefined
        ? 'Correct its name'
        : `Did you mean ${slice}${near}${/^@[1-9]\d*$/.test(k ?? '') ? k : '@10'}?`,
  })
}

function checkNamed(key: string, name: string, names: readonly string[], where: string): void {
  if (names.includes(name)) return
  const near = suggest(name, names)
  throw new InvalidInputError('INVALID_CONFIG', {
    what: `${key} names a row that there is not in ${where}`,
    given: name,
    allowed: names.join(', '),
    next:
      near === undefined
        ? `Correct ${key}, also where it comes from a configuration that this one uses`
        : `Did you mean ${near}?`,
  })
}

/**
 * Experiments lie in a study by their names.
 *
 * @throws InvalidInputError `INVALID_CONFIG` where two have the same
 */
export function checkStudy(experiments: readonly Pick<Experiment, 'name'>[], where: string): void {
  const names = experiments.map(({ name }) => name)
  const name = twice(names)
  if (name === undefined) return
  throw new InvalidInputError('INVALID_CONFIG', {
    what: `Two experiments of the study in ${where} have the same name, and would write one folder`,
    given: names.join(', '),
    allowed: 'each name once',
    next: `Give one of the two named ${name} another "name"`,
  })
}
