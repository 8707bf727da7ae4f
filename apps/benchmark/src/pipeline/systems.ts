import { createRequire } from 'node:module'
import { isAbsolute, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRecommender, type Recommender, systems } from '@sparc/model'
import { InvalidInputError } from '@sparc/tables'
import type { Experiment, Row } from '../config/schema.ts'

/** Names of all systems, in the order of `list`. */
export const systemNames: readonly string[] = Object.keys(systems)

/** Whether a system is trained step by step; the others are computed, and have no steps and no common options. */
export function isLearned(system: string): boolean {
  return systems[system]?.kind === 'vector'
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

/** A system of another package: its default export is a factory, handed the options, that gives a `Recommender`. */
async function fromPackage(name: string, options: Record<string, unknown>): Promise<Recommender> {
  const loaded: unknown = await import(addressOf(name)).catch((cause: unknown) => {
    throw badPackage(name, `it could not be loaded: ${cause instanceof Error ? cause.message : cause}`, cause)
  })
  const factory: unknown =
    typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined
  if (typeof factory !== 'function') throw badPackage(name, `its default export is ${typeof factory}`)
  const made: unknown = await factory(options)
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

/** Makes the recommender of a row. */
export async function makeRecommender(row: Row, common: Record<string, unknown>): Promise<Recommender> {
  if (row.package !== undefined) return fromPackage(row.package, row.options)
  return named(row.system ?? '', row.options, common)
}
