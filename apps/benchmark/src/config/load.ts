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
  return readdirSync(configFolder)
    .filter((file) => file.endsWith('.json'))
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

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError('INVALID_CONFIG', {
      what: 'The configuration is no valid JSON',
      given: `${path}: ${cause instanceof Error ? cause.message : cause}`,
      allowed: 'a JSON object',
      next: 'Mend the file: comments and trailing commas are not JSON',
      cause,
    })
  }
}

/** What an experiment says, with what it takes from the configuration that it uses, and that from the next. */
async function resolveUse(
  value: Record<string, unknown>,
  path: string,
  seen: string[],
): Promise<Record<string, unknown>> {
  const { use, rows, ...own } = value
  if (use === undefined) return value
  const base = typeof use === 'string' ? resolve(dirname(path), use) : ''
  if (typeof use !== 'string' || !existsSync(base) || seen.includes(base)) {
    throw new InvalidInputError('INVALID_CONFIG', {
      what: '"use" names no other configuration',
      given: JSON.stringify(use),
      allowed: 'the path of an experiment, relative to this file, that does not come back to this file',
      next: `Mend it in ${path}`,
    })
  }
  const read = await readJson(base)
  const other = isObject(read) ? await resolveUse(read, base, [...seen, base]) : {}
  return { ...other, ...own, systems: changeRows(own.systems ?? other.systems, rows, path) }
}

async function resolveExperiment(value: Record<string, unknown>, path: string): Promise<Experiment> {
  return parseExperiment(await resolveUse(value, path, [path]), path)
}

/** Reads a configuration: one experiment, or a study of several. */
export async function loadStudy(given: string): Promise<Study> {
  const path = findConfig(given)
  const value = await readJson(path)
  if (isObject(value) && 'experiments' in value) {
    const study = parseStudy(value, path)
    const experiments: Experiment[] = []
    for (const each of study.experiments) experiments.push(await resolveExperiment(each, path))
    checkStudy(experiments, path)
    return { ...study, experiments }
  }
  const experiment = await resolveExperiment(isObject(value) ? value : { value }, path)
  return { name: experiment.name, about: experiment.about, experiments: [experiment] }
}
