import { InvalidInputError } from '@sparc/tables'
import type { Engine, Storage } from './engine.ts'
import { exactEngine } from './exact/exact-engine.ts'
import type { ScalarQuantizer } from './exact/scalar-quantizer.ts'
import type { SavedStores } from './milvus/milvus-engine.ts'
import type { MilvusSettings } from './milvus/settings.ts'

/** What an engine has to know of rows that it does not hold yet. */
export interface EngineSeed {
  /** Vectors that a quantizer is trained on. */
  sample?: Float32Array
  /** The quantizer of a saved index. */
  quantizer?: ScalarQuantizer
  /** Length of the longest vector of a saved index. */
  longest?: number
  /** Where another machine keeps the shards of a saved index. */
  saved?: SavedStores
}

/** Opens an engine, loading what it needs on demand. */
export async function openEngine(
  options: { engine: 'exact' | 'faiss' | 'milvus'; storage: Storage; milvus?: MilvusSettings },
  dim: number,
  seed: EngineSeed,
): Promise<Engine> {
  const { engine, storage } = options
  if (engine === 'exact') {
    if (storage === 'HNSW') {
      throw new InvalidInputError('INVALID_OPTION', {
        what: `The ${engine} engine does not have this storage`,
        given: storage,
        allowed: 'Flat, SQ8',
        next: 'Choose another storage, or engine faiss.',
      })
    }
    return exactEngine(dim, storage, seed)
  }
  if (engine === 'milvus') {
    const { milvusSettings } = await import('./milvus/settings.ts')
    const { milvusEngine } = await import('./milvus/milvus-engine.ts')
    return milvusEngine(dim, storage, milvusSettings(options.milvus), seed)
  }
  const { faissEngine } = await import('./faiss/faiss-engine.ts')
  return faissEngine(dim, storage, seed)
}
