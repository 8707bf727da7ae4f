import { InvalidInputError } from '@sparc/tables'
import { z } from 'zod'

export const milvusSchema = z.strictObject({
  /** `host:port` */
  address: z.string().min(1),
  /** Collection of this index; made by `build`, which refuses one that is there already. */
  collection: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'expected letters, digits and _, not first a digit'),
  /** `user:password` or an API key. */
  token: z.string().optional(),
  ssl: z.boolean().default(false),
  /** Partitions that the codes are spread over. */
  partitions: z.int().min(1).max(1024).default(64),
  /** Lower levels are faster on a cluster, and may miss the last writes. */
  consistency: z.enum(['Strong', 'Session', 'Bounded', 'Eventually']).default('Strong'),
  /** Milliseconds before a call is given up. */
  timeout: z.int().positive().default(30_000),
})

/** Where the milvus engine keeps its rows. */
export type MilvusOptions = z.input<typeof milvusSchema>
/** The same with defaults filled in. */
export type MilvusSettings = z.output<typeof milvusSchema>

/** Options of the milvus engine, which cannot do without them. */
export function milvusSettings(settings: MilvusSettings | undefined): MilvusSettings {
  if (settings) return settings
  throw new InvalidInputError('INVALID_OPTION', {
    what: 'The milvus engine needs to know where its server is',
    given: 'no option "milvus"',
    allowed: '{ address, collection }',
    next: "Add milvus: { address: '127.0.0.1:19530', collection: 'items' }.",
  })
}
