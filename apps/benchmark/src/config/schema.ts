import { InvalidInputError, parseOptions, suggest } from '@sparc/tables'
import { z } from 'zod'
import { checkExperiment } from './check.ts'
import { isObject } from './is-object.ts'
import { splitKinds } from './split-kinds.ts'

/** One row of the leaderboard: a system of `@sparc/model`, of another package, or a file of recommendations. */
const row = z.strictObject({
  /** Name of a system of `@sparc/model`, as `benchmark list` prints it. */
  system: z.string().optional(),
  /** npm package or path whose default export makes a `Recommender`. */
  package: z.string().optional(),
  /** Arrow file of recommendations made elsewhere, one row per test case. */
  recommendations: z.string().optional(),
  /** Name of the row; the system's or package's name where absent. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*$/, 'lower case letters, digits, dots and dashes')
    .optional(),
  /** Options of the system itself, over its tuned defaults. */
  options: z.record(z.string(), z.unknown()).default({}),
  /** What differs from the reference row, in words. Rows that say so make a table of ablations. */
  change: z.string().min(1).optional(),
})

/** A row as it is written: a name, or an object that `parseRow` checks (with its own list of known keys). */
const rowOrName = z.union([z.string(), z.record(z.string(), z.unknown())])

/** Options that every learned system of an experiment is given alike. */
const fit = z.strictObject({
  /** Optimiser steps at most; the trainer's own default where absent. */
  steps: z.int().positive().optional(),
  /** Seconds of training at most, per system. */
  seconds: z.number().positive().optional(),
  /** Steps between two checkpoints, from which a half-trained model is resumed. */
  checkpointEvery: z.int().positive().default(200),
  /** Options of the systems that have such an option: `{ "dim": 128 }`. */
  options: z.record(z.string(), z.unknown()).default({}),
})

const index = z.strictObject({
  engine: z.enum(['faiss', 'exact', 'auto']).default('auto'),
  /** Rows looked at, in shards for each interest, for the curve of recall against time. */
  probes: z.array(z.number().positive()).min(1).default([0.25, 0.5, 1, 2]),
  /** How the candidates of several interests become one list, `own` as the model ranks them; a row of shards for each. */
  merges: z
    .array(z.enum(['own', 'mixture', 'max', 'nearest', 'budget']))
    .min(1)
    .default(['own']),
  /** Rows that are also searched by shards; every row with codes where absent. */
  rows: z.array(z.string()).optional(),
})

/** What one experiment is: data, split, rows, seeds. Unknown keys are refused. */
export const experimentSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and dashes'),
  about: z.string().default(''),
  /** Name of a data folder, a path to one, or `synthetic`. */
  dataset: z.string(),
  /** Size of the synthetic world. */
  world: z.enum(['tiny', 'small', 'default']).default('default'),
  split: z.enum(splitKinds).default('by-user'),
  splitSeed: z.int().nonnegative().default(1230),
  /** Test users at most, drawn with the split's seed; all where absent. */
  testUsers: z.int().positive().optional(),
  /** The same of the users that training is validated on. */
  validationUsers: z.int().positive().optional(),
  seeds: z.array(z.int().nonnegative()).min(1).default([1]),
  systems: z.array(rowOrName).min(1),
  fit: fit.prefault({}),
  index: index.prefault({}),
  /** Row that the others are tested against. */
  reference: z.string().default('sparc'),
  /** Numbers of others on the same protocol, shown beside ours: values by metric, as `recall@10`, from 0 to 1. */
  published: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        source: z.string().min(1),
        history: z.enum(['filtered', 'left in', 'not said']),
        metrics: z.record(z.string(), z.number().min(0).max(1)),
      }),
    )
    .optional(),
})

const studySchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  about: z.string().default(''),
  /** Experiments: whole ones, or `{ "use": "beauty.json", ... }` with what differs, of its rows by name: `"rows": { "mind": ... }`. */
  experiments: z.array(z.record(z.string(), z.unknown())).min(1),
})

export type Row = z.infer<typeof row>
export type Experiment = Omit<z.infer<typeof experimentSchema>, 'systems'> & { systems: Row[] }
export type Study = { name: string; about: string; experiments: Experiment[] }

/** Checks one experiment; unknown keys are refused with the key that was probably meant. */
export function parseExperiment(value: unknown, where: string): Experiment {
  const { systems, ...experiment } = parseOptions(experimentSchema, value, where)
  const rows: Row[] = []
  for (const [i, given] of systems.entries()) {
    const { like, ...own } = typeof given === 'string' ? { system: given } : given
    const at = `row ${i + 1} of systems in ${where}`
    rows.push(parseOptions(row, like === undefined ? own : alike(rows, like, own, at), at))
  }
  checkRows(rows, where)
  const said = isObject(value) && value.reference !== undefined
  checkExperiment(experiment, rows.map(rowName), said ? experiment.reference : undefined, where)
  return { ...experiment, systems: rows }
}

/** Options with others laid over them, key by key at every depth; what is no object is left to the check of the row. */
function over(options: unknown, own: unknown): unknown {
  if (!isObject(options) || !isObject(own)) return own === undefined ? options : own
  const keys = Object.keys({ ...options, ...own })
  return Object.fromEntries(keys.map((key) => [key, over(options[key], own[key])]))
}

/**
 * Rows of another configuration with what `rows` says of some of them, by name.
 *
 * @throws InvalidInputError `INVALID_CONFIG` where one is named that is not there
 */
export function changeRows(systems: unknown, rows: unknown, where: string): unknown {
  if (rows === undefined) return systems
  if (!isObject(rows) || !Object.values(rows).every(isObject)) {
    throw new InvalidInputError('INVALID_CONFIG', {
      what: '"rows" says nothing of any row',
      given: JSON.stringify(rows),
      allowed: 'an object of rows by name: { "sasrec": { "options": { "dim": 64 } } }',
      next: `Mend it in ${where}`,
    })
  }
  const given: unknown[] = Array.isArray(systems) ? systems : []
  const written = given.map((each): Record<string, unknown> => (isObject(each) ? each : { system: each }))
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const names = written.map((row) =>
    rowName({ name: text(row.name), system: text(row.system), package: text(row.package) }),
  )
  for (const name of Object.keys(rows)) {
    if (names.includes(name)) continue
    const near = suggest(name, names)
    throw new InvalidInputError('INVALID_CONFIG', {
      what: '"rows" names a row that the other configuration does not have',
      given: name,
      allowed: names.join(', '),
      next: near === undefined ? `Mend it in ${where}` : `Did you mean ${near}?`,
    })
  }
  return written.map((row, i) => {
    const change = rows[names[i]]
    return isObject(change) ? { ...row, ...change, options: over(row.options, change.options) } : row
  })
}

/** A row like an earlier one: the same system with the same options, but for what it says itself. */
function alike(rows: readonly Row[], like: unknown, own: Record<string, unknown>, at: string): object {
  const other = rows.find((each) => rowName(each) === like)
  if (other === undefined) {
    const names = rows.map(rowName)
    const near = typeof like === 'string' ? suggest(like, names) : undefined
    throw new InvalidInputError('INVALID_ROW', {
      what: `"like" of ${at} names no row before it`,
      given: JSON.stringify(like),
      allowed: names.join(', ') || 'nothing, there is no row before it',
      next: near === undefined ? 'Name a row that stands before this one' : `Did you mean ${near}?`,
    })
  }
  const { name: _, change: __, ...taken } = other
  return { ...taken, ...own, options: over(taken.options, own.options) }
}

function checkRows(rows: Row[], where: string): void {
  const names = new Set<string>()
  for (const each of rows) {
    const kinds = [each.system, each.package, each.recommendations].filter((kind) => kind !== undefined)
    if (kinds.length !== 1) throw badRow(each, 'Write exactly one of `system`, `package`, `recommendations`', where)
    if (each.recommendations !== undefined && Object.keys(each.options).length > 0) {
      throw badRow(each, 'Remove `options`: recommendations made elsewhere have none', where)
    }
    const name = rowName(each)
    if (names.has(name)) throw badRow(each, `Give one of the two rows named ${name} another \`name\``, where)
    names.add(name)
  }
}

function badRow(given: Row, next: string, where: string): InvalidInputError {
  return new InvalidInputError('INVALID_ROW', {
    what: `A row of systems in ${where} can't be used`,
    given,
    allowed:
      '"sparc", { "system": "sparc", ... }, { "package": "..." }, { "recommendations": "file.arrow", "name": "..." }',
    next,
  })
}

/** Checks the outer form of a study of several experiments. */
export function parseStudy(value: unknown, where: string): z.infer<typeof studySchema> {
  return parseOptions(studySchema, value, where)
}

/** The name under which a row stands in tables and folders. */
export function rowName(row: Pick<Row, 'name' | 'system' | 'package'>): string {
  return row.name ?? row.system ?? row.package?.replaceAll(/[^a-z0-9.-]+/g, '-').replace(/^-+/, '') ?? 'recommendations'
}
