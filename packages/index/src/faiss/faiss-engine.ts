import type { Engine, Storage } from '../engine.ts'
import { exactFlatEngine } from '../exact/exact-engine.ts'
import { faissShard } from './faiss-shard.ts'
import { loadFaiss } from './load.ts'

/** Shards in FAISS, through faiss-node: synchronous, in this process. */
export async function faissEngine(dim: number, storage: Storage): Promise<Engine> {
  const faiss = await loadFaiss()
  const exact = exactFlatEngine(dim)
  const shard = (code: number) => faissShard(faiss, dim, storage, exact.shard(code))
  return { ...exact, name: 'faiss', storage, shard, restore: shard }
}
