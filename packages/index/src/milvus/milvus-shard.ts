import type { Collector } from '../collector.ts'
import type { Batch, EngineShard, ShardRows, Storage } from '../engine.ts'
import { failed, type Milvus, succeeded } from './connection.ts'
import type { MilvusSettings } from './settings.ts'

/** Rows sent, or asked for by key, at once. */
const PIECE = 1000
/** Milvus returns no more than this many results of a query vector. */
const MOST_RESULTS = 16384
/** Keys that a filter lists at most. */
const LISTED = 4096
/** Results beyond `k`, so that ties around the last place are seen. */
const SPARE = 8

/** What the shards of an engine share. */
export interface MilvusStore {
  milvus: Milvus
  settings: MilvusSettings
  storage: Storage
  dim: number
}

/**
 * The rows of one code, in the partition that Milvus keeps for it. Keys are `store * 2^32 + row`: every shard that was
 * ever made has a store number of its own, so that a rewritten shard and the one before do not meet.
 */
export function milvusShard(shared: MilvusStore, code: number, store: number, saved = 0): EngineShard {
  const { milvus, settings, storage, dim } = shared
  const { client } = milvus
  const { collection } = settings
  const base = store * 2 ** 32
  const own = `code == ${code} and store == ${store}`
  let length = saved

  async function searchRows(batch: Batch, members: readonly number[], filter: string, limit: number) {
    const data = members.map((m) => Array.from(batch.vectors.subarray(m * dim, (m + 1) * dim)))
    const request = { collection_name: collection, data, limit, filter, output_fields: ['row'] }
    const answer = await client
      .search({ ...request, consistency_level: milvus.consistency, metric_type: 'IP' })
      .catch((cause: unknown) => {
        throw failed('search', collection, cause)
      })
    const { results }: { results: unknown } = succeeded(answer, 'search')
    return resultLists(results, members.length)
  }

  /** Offers all results of a filter; returns the members whose lists may have ended too early. */
  async function offerAll(rows: ShardRows, batch: Batch, members: readonly number[], filter: string, limit: number) {
    const lists = await searchRows(batch, members, filter, limit)
    const unsure: number[] = []
    for (const [m, list] of lists.entries()) {
      const collector = batch.collectors[members[m]]
      for (const hit of list) {
        const row = Number(hit.row) - base
        if (row >= (rows.from ?? 0) && row < rows.length && rows.dead?.[row] !== 1) {
          collector.offer(rows.ordinal, row, rows.items[row], hit.score)
        }
      }
      collector.tighten()
      const last = list[list.length - 1]
      if (list.length === limit && last && last.score >= collector.threshold) unsure.push(members[m])
    }
    return unsure
  }

  /** Every row of the shard, scored. */
  async function scanAll(rows: ShardRows, batch: Batch, members: readonly number[]) {
    for (let from = rows.from ?? 0; from < rows.length; from += MOST_RESULTS) {
      const to = Math.min(rows.length, from + MOST_RESULTS)
      const filter = `${own} and row >= ${base + from} and row < ${base + to}`
      await offerAll(rows, batch, members, filter, to - from)
    }
  }

  /** Only the rows that pass the filter, which is the same for all queries of a search. */
  async function scanListed(rows: ShardRows, batch: Batch, members: readonly number[]) {
    const collector = batch.collectors[members[0]]
    const allowed: number[] = []
    for (let row = rows.from ?? 0; row < rows.length; row++) {
      if (rows.dead?.[row] !== 1 && collector.accepts(rows.items[row])) allowed.push(base + row)
    }
    for (let from = 0; from < allowed.length; from += LISTED) {
      const keys = allowed.slice(from, from + LISTED)
      await offerAll(rows, batch, members, `${own} and row in [${keys}]`, keys.length)
    }
  }

  function wanted(rows: ShardRows, collector: Collector): number {
    let dead = 0
    for (let row = 0; rows.dead && row < rows.length; row++) dead += rows.dead[row] ?? 0
    return collector.k + collector.excluded + dead + SPARE
  }

  const remote = (): never => {
    throw new Error('The rows of a Milvus shard are fetched')
  }
  return {
    length: () => length,
    async append(vectors, items) {
      for (let from = 0; from < items.length; from += PIECE) {
        const data: { row: number; item: number; code: number; store: number; vector: number[] }[] = []
        for (let r = from; r < Math.min(items.length, from + PIECE); r++) {
          const vector = Array.from(vectors.subarray(r * dim, (r + 1) * dim))
          data.push({ row: base + length + r - from, item: items[r], code, store, vector })
        }
        length += data.length
        const answer = await client.insert({ collection_name: collection, data }).catch((cause: unknown) => {
          throw failed('insert', collection, cause)
        })
        if (succeeded(answer, 'insert').err_index?.length) throw failed('insert all rows', answer.err_index)
      }
    },
    async scan(rows, batch, members) {
      if (rows.length === 0) return
      const groups = new Map<number, number[]>()
      const everything: number[] = []
      const filtered: number[] = []
      const inexact = batch.exact && storage !== 'Flat'
      for (const member of members) {
        const collector = batch.collectors[member]
        const want = Math.min(wanted(rows, collector), rows.length)
        if (collector.filtered) filtered.push(member)
        else if (inexact || rows.from !== undefined || want > MOST_RESULTS || !Number.isFinite(collector.k))
          everything.push(member)
        else groups.set(want, [...(groups.get(want) ?? []), member])
      }
      if (filtered.length > 0) await scanListed(rows, batch, filtered)
      for (const [want, group] of groups) {
        const unsure = await offerAll(rows, batch, group, `${own} and row < ${base + rows.length}`, want)
        if (storage !== 'Flat' || want === rows.length) continue
        for (const member of unsure) batch.collectors[member].forget(rows.ordinal)
        everything.push(...unsure)
      }
      if (everything.length > 0) await scanAll(rows, batch, everything)
    },
    async fetch(rows) {
      const out = new Float32Array(rows.length * dim)
      const places = new Map(Array.from(rows, (row, i) => [row, i]))
      for (let from = 0; from < rows.length; from += PIECE) {
        const keys = Array.from(rows.subarray(from, from + PIECE), (row) => base + row)
        const filter = `code == ${code} and row in [${keys}]`
        const request = { collection_name: collection, filter, output_fields: ['row', 'vector'], limit: keys.length }
        const answer = await client.query({ ...request, consistency_level: milvus.consistency })
        for (const { row, vector } of succeeded(answer, 'give vectors back').data) {
          const place = places.get(Number(row) - base)
          if (place !== undefined) out.set(vector, place * dim)
          places.delete(Number(row) - base)
        }
      }
      if (places.size > 0) throw failed('give all vectors back', `${places.size} rows are gone from ${collection}`)
      return out
    },
    read: remote,
    bytes: () => 0,
    async release() {
      succeeded(await client.delete({ collection_name: collection, filter: own }), 'delete')
    },
    store: () => store,
  }
}

/** Results come as one list, or a list of lists where there are several queries. */
function resultLists(results: unknown, queries: number): { row: string | number; score: number }[][] {
  if (!Array.isArray(results)) return Array.from({ length: queries }, () => [])
  if (results.length > 0 && Array.isArray(results[0])) return results
  return queries === 1 ? [results] : Array.from({ length: queries }, () => [])
}
