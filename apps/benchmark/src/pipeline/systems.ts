import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRecommender, type Recommender, systems } from '@sparc/model'
import { InvalidInputError, suggest } from '@sparc/tables'
import { type Experiment, type Row, rowName } from '../config/schema.ts'

/** Names of all systems, in the order of `list`. */
export const systemNames: readonly string[] = Object.keys(systems)

/** Whether a system is trained step by step; the others are computed, and have no steps and no common options. */
export function isLearned(system: string): boolean {
  return systems[system]?.trained === true
}

/** Systems that draw nothing at random: another seed would give the same again. */
const deterministic = new Set(['popularity', 'item-knn', 'ease'])

/** Whether a row can differ from seed to seed; what can't, and lists made elsewhere, is measured once. */
export function dependsOnSeed({ system, recommendations }: Row): boolean {
  return recommendations === undefined && !(system !== undefined && deterministic.has(system))
}

/** Everything that an experiment fits, in order: each row with each seed, those that no seed changes with the first only. */
export function fitsOf({ systems, seeds }: Pick<Experiment, 'systems' | 'seeds'>): { row: Row; seed: number }[] {
  return seeds.flatMap((seed, s) =>
    systems.filter((row) => s === 0 || dependsOnSeed(row)).map((row) => ({ row, seed })),
  )
}

/**
 * Looks at a row's system and options before anything else is done.
 *
 * @throws InvalidInputError `UNKNOWN_SYSTEM`, `UNKNOWN_OPTION`, `INVALID_OPTION`
 */
export function checkRow(row: Row, common: Record<string, unknown>): void {
  allOptions(row, common)
}

/** The options of a row's system, its defaults too; nothing for systems of other packages and for given lists. */
export function allOptions(row: Row, common: Record<string, unknown>): object | undefined {
  if (row.system === undefined) return undefined
  const recommender = named(row.system, row.options, common)
  recommender.dispose()
  return recommender.options
}

/** All options of every row that has any, by its name; of a system of another package those that it is handed. */
export function optionsOf({ systems, fit }: Pick<Experiment, 'systems' | 'fit'>): Record<string, object> {
  const rows = systems.filter(({ recommendations }) => recommendations === undefined)
  return Object.fromEntries(rows.map((row) => [rowName(row), allOptions(row, fit.options) ?? row.options]))
}

function named(system: string, own: Record<string, unknown>, common: Record<string, unknown>): Recommender {
  return createRecommender(system, isLearned(system) ? { ...common, ...own } : own)
}

function isRecommender(value: unknown): value is Recommender {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['fit', 'recommend', 'save', 'dispose'].every((name) => typeof Reflect.get(value, name) === 'function')
  )
}

/** A path as it is; a package as the folder in which the command was given finds it, else as this app does. */
function addressOf(name: string): string {
  if (name.startsWith('.') || isAbsolute(name)) return pathToFileURL(resolve(name)).href
  try {
    return pathToFileURL(createRequire(resolve('package.json')).resolve(name)).href
  } catch {
    return name
  }
}

type Factory = (options: Record<string, unknown>) => unknown

/** The default export of a package or module. */
async function factoryOf(name: string): Promise<Factory> {
  const loaded: unknown = await import(addressOf(name)).catch((cause: unknown) => {
    throw badPackage(name, `it could not be loaded: ${cause instanceof Error ? cause.message : cause}`, cause)
  })
  const factory: unknown =
    typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined
  if (typeof factory !== 'function') throw badPackage(name, `its default export is ${typeof factory}`)
  return factory as Factory
}

/** A system of another package: its default export is a factory, handed the options, that gives a `Recommender`. */
async function fromPackage(name: string, options: Record<string, unknown>): Promise<Recommender> {
  const factory = await factoryOf(name)
  const made = await factory(options)
  if (!isRecommender(made)) throw badPackage(name, 'its factory gave something else than a Recommender')
  return made
}

function badPackage(name: string, why: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('INVALID_PACKAGE', {
    what: 'This package is no recommender',
    given: `${name}: ${why}`,
    allowed: 'a package or a path to a module whose default export is (options) => Recommender',
    next: 'Install it, or correct its name; the interface is `Recommender` of @sparc/model',
    cause,
  })
}

/**
 * Looks for the package or the file of recommendations that a row names, before anything is trained.
 *
 * @throws InvalidInputError `INVALID_PACKAGE`, `NO_RECOMMENDATIONS`
 */
export async function checkSource({ package: name, recommendations, ...row }: Row): Promise<void> {
  if (name !== undefined) await factoryOf(name)
  if (recommendations === undefined || existsSync(recommendations)) return
  const folder = dirname(recommendations)
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.arrow')) : []
  const near = suggest(basename(recommendations), files)
  throw new InvalidInputError('NO_RECOMMENDATIONS', {
    what: `The file of recommendations of the row ${rowName(row)} is not there`,
    given: resolve(recommendations),
    allowed:
      'an Arrow file with the columns user, items and scores; a path that is not absolute begins in the folder in which the command is given',
    next: near === undefined ? 'Make it, or correct "recommendations"' : `Did you mean ${join(folder, near)}?`,
  })
}

/** Makes the recommender of a row. */
export async function makeRecommender(row: Row, common: Record<string, unknown>): Promise<Recommender> {
  if (row.package !== undefined) return fromPackage(row.package, row.options)
  return named(row.system ?? '', row.options, common)
}
