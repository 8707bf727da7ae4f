import { InvalidInputError } from '@sparc/tables'
import type { Engine, Storage } from '../engine.ts'
import { floatMargin, longestVector } from '../exact/float-margin.ts'
import { connect, failed, type Milvus, succeeded } from './connection.ts'
import { milvusShard } from './milvus-shard.ts'
import type { MilvusSettings } from './settings.ts'

/** What Milvus calls our storages: index type and parameters. */
const INDEXES: Record<Storage, { index_type: string; params?: Record<string, number | string> }> = {
  Flat: { index_type: 'FLAT' },
  SQ8: { index_type: 'IVF_SQ8', params: { nlist: 64 } },
  HNSW: { index_type: 'HNSW', params: { M: 32, efConstruction: 200 } },
}

/** Where the rows of a saved index are. */
export interface SavedStores {
  /** Store number and rows of each code's shard. */
  stores: { code: number; store: number; rows: number }[]
}

/**
 * Shards in a Milvus collection: one row an item, `code` being the partition key. Vectors live on the server; this
 * process keeps ids and the router.
 *
 * @param saved attaches to the collection of a saved index instead of making one
 */
export async function milvusEngine(
  dim: number,
  storage: Storage,
  settings: MilvusSettings,
  known: { longest?: number; saved?: SavedStores },
): Promise<Engine> {
  const milvus = await connect(settings)
  try {
    if (known.saved) await attach(milvus, settings, known.saved)
    else await createCollection(milvus, settings, storage, dim)
  } catch (error) {
    await milvus.client.closeConnection()
    throw failed(known.saved ? 'open the collection' : 'make the collection', settings.collection, error)
  }
  const shared = { milvus, settings, storage, dim }
  let { longest = 0 } = known
  const rows = new Map(known.saved?.stores.map(({ store, rows }) => [store, rows]))
  let next = Math.max(-1, ...rows.keys()) + 1
  return {
    name: 'milvus',
    storage,
    shard(code, store) {
      const made = milvusShard(shared, code, store ?? next++, store === undefined ? 0 : rows.get(store))
      return {
        ...made,
        append(vectors, items) {
          longest = Math.max(longest, longestVector(vectors, dim))
          return made.append(vectors, items)
        },
      }
    },
    margin: (vectors, at) => floatMargin(dim, vectors, at, longest),
    longest: () => longest,
    remote: () => ({ address: settings.address, collection: settings.collection }),
    async close() {
      await milvus.client.closeConnection()
    },
  }
}

async function createCollection(milvus: Milvus, settings: MilvusSettings, storage: Storage, dim: number) {
  const { client, types } = milvus
  const { collection, partitions } = settings
  const { value } = succeeded(await client.hasCollection({ collection_name: collection }), 'look for the collection')
  if (value) {
    throw new InvalidInputError('COLLECTION_EXISTS', {
      what: 'The collection is there already',
      given: collection,
      allowed: 'a name that is free',
      next: 'Choose another name, drop the collection, or open the saved index that belongs to it.',
    })
  }
  const answer = await client.createCollection({
    collection_name: collection,
    consistency_level: settings.consistency,
    num_partitions: partitions,
    fields: [
      { name: 'row', data_type: types.Int64, is_primary_key: true, autoID: false },
      { name: 'item', data_type: types.Int64 },
      { name: 'code', data_type: types.Int64, is_partition_key: true },
      { name: 'store', data_type: types.Int64 },
      { name: 'vector', data_type: types.FloatVector, dim },
    ],
    index_params: [{ field_name: 'vector', metric_type: 'IP', ...INDEXES[storage] }],
  })
  succeeded(answer, 'make the collection')
  succeeded(await client.loadCollection({ collection_name: collection }), 'load the collection')
}

/** Checks that the collection still holds every row of the saved index. */
async function attach({ client, consistency }: Milvus, { collection }: MilvusSettings, { stores }: SavedStores) {
  succeeded(await client.loadCollection({ collection_name: collection }), 'load the collection')
  for (const { code, store, rows } of stores) {
    const answer = await client.query({
      collection_name: collection,
      filter: `code == ${code} and store == ${store} and row < ${store * 2 ** 32 + rows}`,
      output_fields: ['count(*)'],
      consistency_level: consistency,
    })
    const there = Number(succeeded(answer, 'count rows').data[0]?.['count(*)'] ?? 0)
    if (there !== rows) throw failed('keep the rows of the saved index', `code ${code}: ${there} rows of ${rows}`)
  }
}
