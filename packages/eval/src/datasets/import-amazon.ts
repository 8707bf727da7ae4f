import { basename } from 'node:path'
import { InvalidInputError, parseOptions } from '@sparc/tables'
import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { type AmazonRelease, readAmazonMetadata } from './amazon-metadata.ts'
import type { BrokenLines } from './broken-lines.ts'
import { cached } from './cache.ts'
import type { SourceColumn } from './columns.ts'
import { type Cell, type Database, withDatabase } from './duckdb.ts'
import { inspectFile } from './inspect-file.ts'
import { linesOf } from './line-numbers.ts'
import { noBrokenLines, parsedLines } from './parsed-lines.ts'
import { decisive, preparationShape } from './preparation.ts'
import { prepare } from './prepare.ts'
import { parsePythonLiteral } from './python-literal.ts'
import { readCsv } from './read-csv.ts'
import { readJsonLines } from './read-json-lines.ts'

const schema = z.strictObject({
  release: z.enum(['2014', '2018', '2023']),
  /** Ratings only, as their owners publish them: CSV, or `.csv.gz`. */
  ratings: z.string().optional(),
  /** Instead of ratings: reviews as JSON lines, `.json.gz` or `.jsonl.gz`. */
  reviews: z.string().optional(),
  /** Titles, brands and categories: the release's metadata file. */
  metadata: z.string().optional(),
  name: z.string().optional(),
  ...preparationShape,
})

/** Options of `importAmazon`. */
export type ImportAmazonOptions = z.input<typeof schema>

const REVIEW_KEYS = {
  '2014': { user: 'reviewerID', item: 'asin', rating: 'overall', time: 'unixReviewTime' },
  '2018': { user: 'reviewerID', item: 'asin', rating: 'overall', time: 'unixReviewTime' },
  '2023': { user: 'user_id', item: 'parent_asin', rating: 'rating', time: 'timestamp' },
}

/**
 * The columns of a ratings file. 2023 has a header line; 2014 has none and says user, item; 2018 has none and says item,
 * user. Copies with the two swapped are about, so the ids themselves decide where they can: an ASIN has ten characters.
 */
async function ratingsHeader(path: string, release: AmazonRelease): Promise<string[] | undefined> {
  const { firstLine } = await inspectFile(path)
  if (release === '2023' && /[a-z]/.test(firstLine)) return undefined
  const short = [0, 0]
  let lines = 0
  for await (const line of linesOf(path)) {
    const fields = line.split(',')
    for (const side of [0, 1]) if (/^[0-9A-Z]{10}$/.test(fields[side] ?? '')) short[side]++
    if (++lines === 100) break
  }
  const itemFirst = short[0] === short[1] ? release === '2018' : short[0] > short[1]
  const { user, item, rating, time } = REVIEW_KEYS[release]
  return itemFirst ? [item, user, rating, time] : [user, item, rating, time]
}

function columnsOf(release: AmazonRelease): SourceColumn[] {
  const { user, item, rating, time } = REVIEW_KEYS[release]
  return [
    { from: user, as: '"user"', type: 'text' },
    { from: item, as: 'item', type: 'text' },
    { from: rating, as: 'rating', type: 'number', nullable: true },
    { from: time, as: 'time', type: 'time' },
  ]
}

async function readRatings(
  db: Database,
  path: string,
  release: AmazonRelease,
  maxBroken: number,
): Promise<BrokenLines> {
  const header = await ratingsHeader(path, release)
  return (await readCsv(db, path, 'raw', { header, columns: columnsOf(release), maxBroken })).broken
}

/** The complete review files of 2014 (not the 5-cores) are Python literals too; all others are JSON. */
async function readReviews(
  db: Database,
  path: string,
  release: AmazonRelease,
  maxBroken: number,
): Promise<BrokenLines> {
  const { firstLine } = await inspectFile(path)
  const options = { columns: columnsOf(release), maxBroken }
  if (release !== '2014' || !/^\{\s*'/.test(firstLine)) return (await readJsonLines(db, path, 'raw', options)).broken
  const { user, item, rating, time } = REVIEW_KEYS[release]
  const parse = (line: string): Cell[] | undefined => {
    const review = parsePythonLiteral(line)
    if (typeof review !== 'object' || review === null || Array.isArray(review)) return undefined
    const [who, what, stars, when] = [review[user], review[item], review[rating], review[time]]
    if (typeof who !== 'string' || typeof what !== 'string' || typeof when !== 'number') return undefined
    return [who, what, typeof stars === 'number' ? stars : null, when]
  }
  await db.run('CREATE TABLE raw ("user" VARCHAR, item VARCHAR, rating DOUBLE, time DOUBLE)')
  const broken = noBrokenLines(path)
  await db.append('raw', parsedLines(path, parse, `no ${user}, ${item} or ${time}`, maxBroken, broken))
  return broken
}

/**
 * Imports an Amazon release in its owners' formats: ratings (CSV) or reviews (JSON lines), and metadata.
 *
 * - 2014 (McAuley et al., SIGIR 2015): `ratings_Beauty.csv`, `reviews_Beauty_5.json.gz`, `meta_Beauty.json.gz`
 * - 2018 (Ni et al., EMNLP 2019): `All_Beauty.csv`, `All_Beauty_5.json.gz`, `meta_All_Beauty.json.gz`
 * - 2023 (Hou et al., 2024): `All_Beauty.csv` of the 0-core or 5-core, `All_Beauty.jsonl.gz`, `meta_All_Beauty.jsonl.gz`;
 *   items are parent ASINs, times are milliseconds
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `MISSING_COLUMN`, `BROKEN_LINES`
 * @throws InvalidInputError `INVALID_OPTION`, `UNKNOWN_OPTION`, `ONE_SOURCE`, `NOTHING_LEFT`
 *
 * @example
 * const dataset = await importAmazon({
 *   release: '2014',
 *   ratings: 'ratings_Beauty.csv',
 *   metadata: 'meta_Beauty.json.gz',
 *   kCore: 5,
 * })
 */
export async function importAmazon(options: ImportAmazonOptions): Promise<Dataset> {
  const parsed = parseOptions(schema, options, 'options of importAmazon')
  const { release, ratings, reviews, metadata, maxBroken } = parsed
  const path = ratings ?? reviews
  if (path === undefined || (ratings !== undefined && reviews !== undefined)) {
    throw new InvalidInputError('ONE_SOURCE', {
      what: 'Exactly one source of interactions is needed',
      given: path === undefined ? 'neither ratings nor reviews' : 'both ratings and reviews',
      allowed: 'ratings (CSV) or reviews (JSON lines)',
      next: 'Give the path of one of the two files.',
    })
  }
  const sources = metadata === undefined ? [path] : [path, metadata]
  return cached(parsed, sources, decisive(parsed), () =>
    withDatabase(parsed, async (db) => {
      const broken = [
        ratings === undefined
          ? await readReviews(db, path, release, maxBroken)
          : await readRatings(db, path, release, maxBroken),
      ]
      return prepare(db, {
        name: parsed.name ?? `amazon-${release}-${basename(path).replace(/\..*$/, '')}`,
        options: parsed,
        unit: release === '2023' ? 'milliseconds' : 'seconds',
        broken,
        features:
          metadata === undefined ? undefined : (_, ids) => readAmazonMetadata(metadata, release, ids, maxBroken),
      })
    }),
  )
}
