import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidInputError, suggest } from '@sparc/tables'
import { checkStudy } from './check.ts'
import { isObject } from './is-object.ts'
import { changeRows, type Experiment, parseExperiment, parseStudy, type Study } from './schema.ts'

/** The folder of the configurations that come with the app. */
export const configFolder = fileURLToPath(new URL('../../configs', import.meta.url))

/** Names of the configurations that come with the app, sorted. */
export function builtInConfigs(): string[] {
  return jsonFiles(configFolder)
    .map((file) => file.slice(0, -'.json'.length))
    .sort()
}

/** Path of a configuration given as a path, as `configs/full.json`, or by its bare name. */
export function findConfig(given: string): string {
  const bare = given.replace(/^configs\//, '').replace(/\.json$/, '')
  const candidates = [resolve(given), join(configFolder, `${bare}.json`)]
  const found = candidates.find((path) => path.endsWith('.json') && existsSync(path))
  if (found !== undefined) return found
  const near = suggest(bare, builtInConfigs())
  throw new InvalidInputError('UNKNOWN_CONFIG', {
    what: 'There is no such configuration',
    given,
    allowed: `a path to a JSON file, or one of ${builtInConfigs().join(', ')}`,
    next: near === undefined ? 'See `benchmark list`' : `Did you mean ${near}?`,
  })
}

/** What to call a configuration in a command that is kept: a built-in one by its bare name, any other as it was given. */
export function configName(given: string): string {
  const path = findConfig(given)
  return dirname(path) === resolve(configFolder) ? basename(path, '.json') : given
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError('INVALID_CONFIG', {
      what: 'The configuration is no valid JSON',
      given: `${path}: ${cause instanceof Error ? cause.message : cause}`,
      allowed: 'a JSON object',
      next: 'Mend the file: comments and trailing commas are not JSON',
      cause,
    })
  }
  if (isObject(value)) return value
  throw new InvalidInputError('INVALID_CONFIG', {
    what: `The configuration in ${path} is no object`,
    given: value,
    allowed:
      'an experiment, { "name": ..., "dataset": ..., "systems": [...] }, or a study, { "name": ..., "experiments": [...] }',
    next: 'Put what is meant under its key',
  })
}

/** Path of the configuration that another one in `from` uses: beside it, else the one of that name that comes with the app. */
function findUsed(use: unknown, from: string, seen: readonly string[]): string {
  const { given, bare } =
    typeof use === 'string' ? { given: use, bare: use.replace(/\.json$/, '') } : { given: '', bare: '' }
  const beside = resolve(dirname(from), given)
  const there = [...(given.endsWith('.json') ? [beside] : []), join(configFolder, `${bare}.json`)]
  const found = given === '' ? undefined : there.find((path) => existsSync(path))
  if (found !== undefined && !seen.includes(found)) return found
  const names = [...jsonFiles(dirname(from)), ...jsonFiles(configFolder)].filter((name) => name !== basename(from))
  const near = found === undefined ? suggest(`${bare}.json`, [...new Set(names)]) : undefined
  throw new InvalidInputError('INVALID_CONFIG', {
    what: found === undefined ? '"use" names no other configuration' : '"use" comes back to where it began',
    given: JSON.stringify(use),
    allowed: `the path of an experiment, relative to this file, or one that comes with the app: ${builtInConfigs().join(', ')}`,
    next: near === undefined ? `Mend it in ${from}` : `Did you mean ${near}?`,
  })
}

function jsonFiles(folder: string): string[] {
  return readdirSync(folder).filter((file) => file.endsWith('.json'))
}

/** Keys that make another experiment of the same rows. */
const OF_THE_DATA = ['dataset', 'world', 'split', 'splitSeed', 'testUsers', 'validationUsers']

/** What an experiment says, with what it takes from the configuration that it uses, and that from the next. */
async function resolveUse(
  value: Record<string, unknown>,
  path: string,
  seen: string[],
): Promise<Record<string, unknown>> {
  const { use, rows, ...own } = value
  if (use === undefined) return value
  const base = findUsed(use, path, seen)
  const { published, ...other } = await resolveUse(await readObject(base), base, [...seen, base])
  // Numbers of others are of one data set and split.
  const same = !OF_THE_DATA.some((key) => key in own)
  const shown = same && published !== undefined ? { published } : {}
  return { ...other, ...shown, ...own, systems: changeRows(own.systems ?? other.systems, rows, path) }
}

async function resolveExperiment(value: Record<string, unknown>, path: string): Promise<Experiment> {
  return parseExperiment(await resolveUse(value, path, [path]), path)
}

/** Reads a configuration: one experiment, or a study of several. */
export async function loadStudy(given: string): Promise<Study> {
  const path = findConfig(given)
  const value = await readObject(path)
  if ('experiments' in value) {
    const study = parseStudy(value, path)
    const experiments: Experiment[] = []
    for (const each of study.experiments) experiments.push(await resolveExperiment(each, path))
    checkStudy(experiments, path)
    return { ...study, experiments }
  }
  const experiment = await resolveExperiment(value, path)
  return { name: experiment.name, about: experiment.about, experiments: [experiment] }
}
