import { InvalidInputError, MissingPeerError, SparcError } from '@sparc/tables'
import type { ConsistencyLevelEnum, MilvusClient } from '@zilliz/milvus2-sdk-node'
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

/** A client with the names of the SDK that are used. */
export interface Milvus {
  client: MilvusClient
  types: { Int64: number; FloatVector: number }
  consistency: ConsistencyLevelEnum
}

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

/** @throws MissingPeerError `MISSING_MILVUS`, SparcError `MILVUS` where the server can't be reached */
export async function connect(
  settings: MilvusSettings,
  load: () => Promise<typeof import('@zilliz/milvus2-sdk-node')> = () => import('@zilliz/milvus2-sdk-node'),
): Promise<Milvus> {
  const sdk = await load().catch((cause: unknown) => {
    throw new MissingPeerError('MISSING_MILVUS', {
      what: 'The milvus engine needs the Milvus client, which cannot be loaded',
      given: cause instanceof Error ? cause.message.split('\n')[0] : cause,
      next: 'Run `npm install @zilliz/milvus2-sdk-node`, or use engine "exact".',
      cause,
    })
  })
  const { address, token, ssl, timeout } = settings
  const client = new sdk.MilvusClient({ address, token, ssl, timeout, logLevel: 'error' })
  try {
    await client.connectPromise
    succeeded(await client.checkHealth().then(() => client.getVersion()), 'reach the server')
  } catch (cause) {
    await client.closeConnection().catch(() => {})
    throw failed('reach the server', address, cause)
  }
  return {
    client,
    types: { Int64: sdk.DataType.Int64, FloatVector: sdk.DataType.FloatVector },
    consistency: sdk.ConsistencyLevelEnum[settings.consistency],
  }
}

export function failed(what: string, given: unknown, cause?: unknown): SparcError {
  if (SparcError.isInstance(cause)) return cause
  return new SparcError('MILVUS', {
    what: `Milvus did not ${what}`,
    given: cause instanceof Error ? `${String(given)}: ${cause.message}` : given,
    next: 'Check that the server runs, the address, and its log.',
    cause,
  })
}

/** Milvus answers errors with a status; this makes them errors. */
export function succeeded<T extends object>(answer: T, what: string): T {
  const status = 'status' in answer ? answer.status : answer
  if (typeof status !== 'object' || status === null || !('error_code' in status)) return answer
  if (status.error_code === 'Success' || status.error_code === 0) return answer
  throw failed(what, 'reason' in status ? status.reason : status.error_code)
}
