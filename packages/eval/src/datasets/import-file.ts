import { basename } from 'node:path'
import { parseOptions } from '@sparc/tables'
import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { cached } from './cache.ts'
import { type Database, identifier, withDatabase } from './duckdb.ts'
import { type ItemFeatures, readFeatures } from './features.ts'
import { decisive, preparationShape } from './preparation.ts'
import { prepare } from './prepare.ts'
import { FORMATS, readSource } from './read-source.ts'

const source = {
  /** Told from the file's name where it is not given. */
  format: z.enum(FORMATS).optional(),
  /** Names of the columns of a CSV file without a header line. */
  header: z.array(z.string()).optional(),
  /** Between the fields of a CSV file (default a comma, a tab for `.tsv`). */
  delimiter: z.string().length(1).optional(),
}

const schema = z.strictObject({
  /** One file, or several that are read one after the other. */
  path: z.union([z.string(), z.array(z.string()).min(1)]),
  ...source,
  /** Which columns (of JSON lines: top-level keys) hold what. */
  columns: z
    .strictObject({
      user: z.string().default('user'),
      item: z.string().default('item'),
      /** Null where the file has no times: its order counts then. */
      timestamp: z.string().nullable().default('timestamp'),
      rating: z.string().optional(),
    })
    .prefault({}),
  /** `auto`: dates, seconds or milliseconds by their size, an order where each user's times are 0, 1, 2, ... */
  timeUnit: z.enum(['auto', 'seconds', 'milliseconds', 'order']).default('auto'),
  /** What is known of the items. */
  items: z
    .strictObject({
      path: z.string(),
      ...source,
      /** The column of the item ids (default `item`). */
      id: z.string().default('item'),
      /** Columns that become text features. */
      texts: z.array(z.string()).default([]),
      /** Columns that become lists: real ones, or text split at the separator. */
      lists: z.array(z.string()).default([]),
      separator: z.string().min(1).default('|'),
    })
    .optional(),
  /** The name of the data set (default: the file's). */
  name: z.string().optional(),
  ...preparationShape,
})

/** Options of `importFile`. */
export type ImportFileOptions = z.input<typeof schema>
type Parsed = z.output<typeof schema>

async function features(
  db: Database,
  items: NonNullable<Parsed['items']>,
  ids: string[],
  maxBroken: number,
): Promise<ItemFeatures> {
  const { broken } = await readSource(db, [items.path], 'features', {
    ...items,
    columns: [
      { from: items.id, as: 'item', type: 'text' },
      ...items.texts.map((from) => ({ from, as: identifier(from), type: 'text' as const, nullable: true })),
      ...items.lists.map((from) => ({ from, as: identifier(from), type: 'texts' as const, nullable: true })),
    ],
    maxBroken,
  })
  return {
    ...(await readFeatures(db, 'features', ids, [...items.texts, ...items.lists], items.lists)),
    broken: broken[0],
  }
}

/**
 * Imports interactions from CSV, JSON lines (both also `.gz`), Parquet or Arrow, with the columns that you name.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `DAMAGED_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`, `UNKNOWN_FORMAT`, `NOTHING_LEFT`, `NO_TIMES`, `NO_RATINGS`
 *
 * @example
 * const dataset = await importFile({
 *   path: 'views.parquet',
 *   columns: { user: 'customer', item: 'sku', timestamp: 'viewed_at' },
 *   items: { path: 'products.jsonl', id: 'sku', texts: ['title'], lists: ['categories'] },
 *   kCore: 5,
 * })
 */
export async function importFile(options: ImportFileOptions): Promise<Dataset> {
  const parsed = parseOptions(schema, options, 'options of importFile')
  const { path, columns, items, maxBroken } = parsed
  const paths = typeof path === 'string' ? [path] : path
  const sources = items === undefined ? paths : [...paths, items.path]
  return cached(parsed, sources, decisive(parsed), () =>
    withDatabase(parsed, async (db) => {
      const { broken, dates } = await readSource(db, paths, 'raw', {
        ...parsed,
        columns: [
          { from: columns.user, as: '"user"', type: 'text' },
          { from: columns.item, as: 'item', type: 'text' },
          { from: columns.rating ?? null, as: 'rating', type: 'number', nullable: true },
          { from: columns.timestamp, as: 'time', type: 'time' },
        ],
      })
      return prepare(db, {
        name: parsed.name ?? basename(paths[0]).replace(/\.[a-z]+(\.gz)?$/i, ''),
        options: parsed,
        unit: dates ? 'milliseconds' : parsed.timeUnit,
        broken,
        features: items === undefined ? undefined : (_, ids) => features(db, items, ids, maxBroken),
      })
    }),
  )
}
