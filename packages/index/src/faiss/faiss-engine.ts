import type { Engine, Storage } from '../engine.ts'
import type { EngineSeed } from '../engines.ts'
import { exactEngine } from '../exact/exact-engine.ts'
import { faissShard } from './faiss-shard.ts'
import { loadFaiss } from './load.ts'

/** Shards in FAISS, through faiss-node: synchronous, in this process. */
export async function faissEngine(dim: number, storage: Storage, seed: EngineSeed): Promise<Engine> {
  const faiss = await loadFaiss()
  const exact = exactEngine(dim, storage, seed)
  const shard = (code: number) => faissShard(faiss, dim, storage, exact.shard(code))
  return { ...exact, name: 'faiss', storage, readOnly: storage === 'HNSW', shard }
}
