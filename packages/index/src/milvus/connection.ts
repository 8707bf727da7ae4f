import { MissingPeerError, SparcError } from '@sparc/tables'
import type { ConsistencyLevelEnum, MilvusClient } from '@zilliz/milvus2-sdk-node'
import type { MilvusSettings } from './settings.ts'

/** A client with the names of the SDK that are used. */
export interface Milvus {
  client: MilvusClient
  types: { Int64: number; FloatVector: number }
  consistency: ConsistencyLevelEnum
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
