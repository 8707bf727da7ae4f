import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InvalidFileError, parseOptions, suggest } from '@sparc/tables'
import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { cached } from './cache.ts'
import { type Database, identifier, withDatabase } from './duckdb.ts'
import { type ItemFeatures, readFeatures } from './features.ts'
import { listDatasets } from './find-data-directory.ts'
import { inspectFile } from './inspect-file.ts'
import { decisive, preparationShape } from './preparation.ts'
import { prepare } from './prepare.ts'
import { readPublishedSplit } from './published-split.ts'
import { readCsv, splitHeader } from './read-csv.ts'

const schema = z.strictObject({
  /** The folder of the data set, or with `name` the folder that holds it. */
  directory: z.string(),
  /** A data set's folder inside `directory`. */
  name: z.string().optional(),
  ...preparationShape,
})

/** Options of `readDataset`. */
export type ReadDatasetOptions = z.input<typeof schema>

const LISTS = ['categories']

async function folderOf(directory: string, name: string | undefined): Promise<string> {
  const folder = resolve(name === undefined ? directory : join(directory, name))
  if (existsSync(join(folder, 'interactions.csv.gz')) || existsSync(join(folder, 'interactions.csv'))) return folder
  const present = name === undefined ? [] : await listDatasets(directory)
  const near = name === undefined ? undefined : suggest(name, present)
  const exists = existsSync(folder)
  throw new InvalidFileError(exists ? 'NO_SUCH_FILE' : 'NO_SUCH_FOLDER', {
    what: exists ? 'The data folder has no interactions.csv.gz' : 'There is no such data folder',
    given: folder,
    allowed: present.length > 0 ? present.join(', ') : 'a folder with interactions.csv.gz (user,item,timestamp)',
    next: near ? `Did you mean "${near}"?` : 'Check the path.',
  })
}

function file(folder: string, name: string): string | undefined {
  return [`${name}.csv.gz`, `${name}.csv`].map((entry) => join(folder, entry)).find((path) => existsSync(path))
}

async function itemFeatures(db: Database, path: string, ids: string[]): Promise<ItemFeatures> {
  const { firstLine } = await inspectFile(path)
  const columns = splitHeader(firstLine, ',').filter((column) => column !== 'item')
  const { broken } = await readCsv(db, path, 'features', {
    columns: ['item', ...columns].map((name) => ({
      from: name,
      as: identifier(name),
      type: LISTS.includes(name) ? 'texts' : 'text',
      optional: name !== 'item',
    })),
    maxBroken: 0.001,
  })
  const lists = columns.filter((column) => LISTS.includes(column))
  return { ...(await readFeatures(db, 'features', ids, columns, lists)), broken }
}

/**
 * Reads a data folder: `interactions.csv.gz` (`user,item,timestamp`; seconds or milliseconds, or 0, 1, 2, ... where
 * only the order is known), `items.csv.gz` (`item` and features, `categories` separated by `|`) where there is one, and
 * a published split `by-user-<seed>.csv.gz` where there is one. Plain `.csv` files do as well.
 *
 * @throws InvalidFileError `NO_SUCH_FOLDER`, `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `MISSING_COLUMN`,
 * `BROKEN_LINES`, `FOREIGN_SPLIT`
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`, `NOTHING_LEFT`
 *
 * @example
 * const dataset = await readDataset({ directory: 'data', name: 'amazon-beauty-2014' })
 * const { train, validation, test } = splitByUser(dataset)
 */
export async function readDataset(options: ReadDatasetOptions): Promise<Dataset> {
  const { directory, name, ...rest } = parseOptions(schema, options, 'options of readDataset')
  const folder = await folderOf(directory, name)
  const interactions = file(folder, 'interactions') ?? join(folder, 'interactions.csv.gz')
  const items = file(folder, 'items')
  const split = (await readdir(folder)).find((entry) => /^by-user-\d+\.csv(\.gz)?$/.test(entry))
  const sources = [interactions, items, split && join(folder, split)].filter((path) => path !== undefined)
  const read = async (db: Database): Promise<Dataset> => {
    const { broken, dates } = await readCsv(db, interactions, 'raw', {
      columns: [
        { from: 'user', as: '"user"', type: 'text' },
        { from: 'item', as: 'item', type: 'text' },
        { from: 'rating', as: 'rating', type: 'number', optional: true },
        { from: 'timestamp', as: 'time', type: 'time' },
      ],
      maxBroken: rest.maxBroken,
    })
    const dataset = await prepare(db, {
      name: basename(folder),
      options: rest,
      unit: dates ? 'milliseconds' : 'auto',
      broken: [broken],
      features: items === undefined ? undefined : (_, ids) => itemFeatures(db, items, ids),
    })
    if (split === undefined) return dataset
    const published = await readPublishedSplit(db, join(folder, split), Number(split.match(/\d+/)?.[0]), dataset)
    if (published) return { ...dataset, published }
    dataset.notes.push(`${split} was not used: the preparation left out some of its rows.`)
    return dataset
  }
  const named = { ...decisive(rest), name: basename(folder) }
  return cached(rest, sources, named, () => withDatabase(rest, read))
}
