import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InvalidFileError, openFolder, SparcError, saveFolder } from '@sparc/tables'
import { RecordBatchFileWriter, type Table, tableFromIPC } from 'apache-arrow'
import { z } from 'zod'
import { type Dataset, fingerprint, type PublishedSplit } from '../dataset.ts'
import type { ParsedPreparation } from './preparation.ts'

const FORMAT = { format: 'sparc.dataset', version: 1 }

const metaSchema = z.object({
  name: z.string(),
  time: z.enum(['known', 'order']),
  fingerprint: z.string(),
  options: z.looseObject({
    seed: z.number(),
    kCore: z.object({ users: z.number(), items: z.number(), iterated: z.boolean() }).optional(),
    minRating: z.number().optional(),
    from: z.number().optional(),
    to: z.number().optional(),
    duplicates: z.enum(['first', 'last', 'keep']),
  }),
  counts: z.object({
    read: z.number(),
    broken: z.number(),
    filtered: z.number(),
    duplicates: z.number(),
    sparse: z.number(),
    users: z.number(),
    items: z.number(),
    interactions: z.number(),
  }),
  notes: z.array(z.string()),
  publishedSeed: z.number().nullable(),
})

const PUBLISHED = ['users', 'parts', 'offsets', 'values'] as const

function toBytes(table: Table): Uint8Array {
  return RecordBatchFileWriter.writeAll(table).toUint8Array(true)
}

function viewBytes(values: Int32Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}

function int32(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

/**
 * Saves a prepared data set as a folder of Arrow files (items, interactions) with a manifest of sizes and checksums. A
 * kill at any moment leaves the old state or the new one.
 *
 * @throws InvalidFileError `NOT_WRITABLE`, `NO_SPACE`
 *
 * @example await saveDataset('prepared/beauty', dataset)
 */
export async function saveDataset(directory: string, dataset: Dataset): Promise<void> {
  const { name, time, options, counts, notes, published } = dataset
  const meta = {
    name,
    time,
    fingerprint: dataset.fingerprint,
    options,
    counts,
    notes,
    publishedSeed: published?.seed ?? null,
  }
  const parts = published && {
    users: published.users,
    parts: published.parts,
    offsets: published.items.offsets,
    values: published.items.values,
  }
  await saveFolder(directory, {
    ...FORMAT,
    meta,
    files: {
      'items.arrow': () => toBytes(dataset.items),
      'interactions.arrow': () => toBytes(dataset.interactions),
      ...Object.fromEntries(parts ? PUBLISHED.map((part) => [`split-${part}.bin`, viewBytes(parts[part])]) : []),
    },
  })
}

/**
 * Opens a data set that `saveDataset` saved, and makes sure that it still is what its fingerprint says.
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `NOT_A_MANIFEST`, `FOREIGN_FORMAT`, `NEWER_VERSION`, `TRUNCATED`, `CHECKSUM`,
 * `FINGERPRINT`
 *
 * @example const dataset = await openDataset('prepared/beauty')
 */
export async function openDataset(directory: string): Promise<Dataset> {
  const folder = await openFolder(directory, FORMAT)
  const parsed = metaSchema.safeParse(folder.meta)
  if (!parsed.success) {
    throw new InvalidFileError('NOT_A_MANIFEST', {
      what: 'The manifest describes no data set',
      given: directory,
      next: 'Remove the folder and prepare the data again.',
      cause: parsed.error,
    })
  }
  const { publishedSeed, ...meta } = parsed.data
  const items = tableFromIPC(await folder.read('items.arrow'))
  const interactions = tableFromIPC(await folder.read('interactions.arrow'))
  const found = fingerprint(items, interactions, meta.options)
  if (found !== meta.fingerprint) {
    throw new InvalidFileError('FINGERPRINT', {
      what: 'The saved data set is not the one that its manifest names',
      given: `fingerprint ${found}`,
      allowed: `fingerprint ${meta.fingerprint}`,
      next: 'Remove the folder and prepare the data again.',
    })
  }
  if (publishedSeed === null) return { ...meta, items, interactions }
  const [users, parts, offsets, values] = await Promise.all(PUBLISHED.map((part) => folder.read(`split-${part}.bin`)))
  const published: PublishedSplit = {
    seed: publishedSeed,
    users: int32(users),
    parts: Uint8Array.from(parts),
    items: { offsets: int32(offsets), values: int32(values) },
  }
  return { ...meta, items, interactions, published }
}

/** What decides a prepared data set without reading it: the options, and size and time of its source files. */
async function cacheKey(sources: readonly string[], options: unknown): Promise<string> {
  const files = await Promise.all(
    sources.map(async (path) => {
      const found = await stat(path).catch(() => undefined)
      return [basename(path), found?.size, found?.mtimeMs]
    }),
  )
  const known = JSON.stringify([FORMAT, files, options])
  return createHash('sha256').update(known).digest('hex').slice(0, 16)
}

/**
 * Prepares a data set, or opens what an earlier call with the same sources and options prepared. A damaged or foreign
 * entry is made again, never used.
 */
export async function cached(
  { cache, onProgress }: Pick<ParsedPreparation, 'cache' | 'onProgress'>,
  sources: readonly string[],
  options: unknown,
  make: () => Promise<Dataset>,
): Promise<Dataset> {
  const prepared = () => {
    onProgress?.({ stage: 'reading' })
    return make()
  }
  if (cache === undefined) return prepared()
  const entry = join(cache, await cacheKey(sources, options))
  try {
    const dataset = await openDataset(entry)
    onProgress?.({ stage: 'cached', rows: dataset.counts.interactions })
    return dataset
  } catch (error) {
    if (!SparcError.isInstance(error)) throw error
  }
  const dataset = await prepared()
  await saveDataset(entry, dataset)
  return dataset
}
