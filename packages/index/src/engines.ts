import { InvalidInputError } from '@sparc/tables'
import type { Engine, Storage } from './engine.ts'
import { exactFlatEngine } from './exact/exact-engine.ts'

function noSuchStorage(engine: string, storage: Storage, allowed: string): InvalidInputError {
  return new InvalidInputError('INVALID_OPTION', {
    what: `The ${engine} engine does not have this storage`,
    given: storage,
    allowed,
    next: 'Choose another storage or another engine.',
  })
}

/** Opens an engine, loading what it needs on demand. */
export async function openEngine(
  name: 'exact' | 'faiss',
  storage: Storage,
  dim: number,
  _sample: Float32Array,
): Promise<Engine> {
  if (name === 'exact') {
    if (storage !== 'Flat') throw noSuchStorage(name, storage, 'Flat')
    return exactFlatEngine(dim)
  }
  const { faissEngine } = await import('./faiss/faiss-engine.ts')
  return faissEngine(dim, storage)
}
