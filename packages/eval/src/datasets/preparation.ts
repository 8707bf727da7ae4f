import { z } from 'zod'
import type { PreparationOptions } from '../dataset.ts'

const count = z.int().positive()

/** Options of every importer: which rows stay, and how ties are broken. */
export const preparationShape = {
  /** Shuffles interactions of a user at the same time (default 1230). */
  seed: z.int().nonnegative().default(1230),
  /** Users and items with at least this many interactions: a number (iterated), or both numbers apart. */
  kCore: z
    .union([
      count,
      z.strictObject({ users: count.default(1), items: count.default(1), iterated: z.boolean().default(true) }),
    ])
    .optional(),
  /** Only interactions rated at least this. */
  minRating: z.number().optional(),
  /** Only interactions from this moment on (inclusive). */
  from: z.date().optional(),
  /** Only interactions before this moment (exclusive). */
  to: z.date().optional(),
  /** Which of a user's interactions with one item stay (default `first`). */
  duplicates: z.enum(['first', 'last', 'keep']).default('first'),
  /** The largest share of lines that may be broken (default 0.001). */
  maxBroken: z.number().min(0).max(1).default(0.001),
  /** What DuckDB may keep in memory (default `4GB`); more goes to temporary files. */
  memory: z
    .string()
    .regex(/^\d+(\.\d+)? ?[KMGT]i?B$/i, 'a size such as 4GB is needed')
    .optional(),
  /** A folder for those temporary files. */
  temporary: z.string().optional(),
  /** A folder that keeps what was prepared, as Arrow files, for the next call with the same sources and options. */
  cache: z.string().optional(),
  /** Stops the import. */
  signal: z.instanceof(AbortSignal).optional(),
  /** Told at the beginning of each stage. */
  onProgress: z.custom<(event: ImportProgress) => void>((value) => typeof value === 'function').optional(),
}

/** What an import is doing. */
export interface ImportProgress {
  /** In this order; `features` only where there are any, and nothing else than `cached` where the cache has it. */
  stage: 'reading' | 'filtering' | 'collecting' | 'features' | 'cached'
  /** Rows that the stage begins with, where that is known. */
  rows?: number
}
const preparation = z.strictObject(preparationShape)
export type ParsedPreparation = z.output<typeof preparation>

const ASIDE = { cache: 0, memory: 0, temporary: 0, signal: 0, onProgress: 0 }

/** The options that decide the result: all but where things are kept, and who is told. */
export function decisive<T extends ParsedPreparation>(options: T): Omit<T, keyof typeof ASIDE> {
  const rest = { ...options }
  for (const name of Object.keys(ASIDE)) Reflect.deleteProperty(rest, name)
  return rest
}

/** The options that decide the rows, as they are kept and hashed. */
export function preparationOf(options: ParsedPreparation): PreparationOptions {
  const { kCore, from, to } = options
  return {
    seed: options.seed,
    kCore: typeof kCore === 'number' ? { users: kCore, items: kCore, iterated: true } : kCore,
    minRating: options.minRating,
    from: from?.getTime(),
    to: to?.getTime(),
    duplicates: options.duplicates,
  }
}
