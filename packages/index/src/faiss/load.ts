import { MissingPeerError } from '@sparc/tables'

/** An index of faiss-node. Wrong arguments end the process in places, so every call is checked before it is made. */
export interface FaissIndex {
  ntotal(): number
  isTrained(): boolean
  add(vectors: number[]): void
  train(vectors: number[]): void
  search(vectors: number[], k: number): { distances: number[]; labels: number[] }
  write(path: string): void
}

/** What is used of faiss-node. */
export interface Faiss {
  Index: {
    fromFactory(dim: number, description: string, metric: number): FaissIndex
    read(path: string): FaissIndex
  }
}

/** `faiss::METRIC_INNER_PRODUCT` */
export const INNER_PRODUCT = 0

function isFaiss(value: unknown): value is Faiss {
  return typeof value === 'object' && value !== null && 'Index' in value && typeof value.Index === 'function'
}

/**
 * Loads faiss-node.
 *
 * @param load for tests
 * @throws MissingPeerError `MISSING_FAISS`
 */
export async function loadFaiss(load: () => Promise<object> = () => import('faiss-node')): Promise<Faiss> {
  // Threads that wait by spinning make FAISS ten times slower where other processes want the cores too.
  process.env.OMP_WAIT_POLICY ??= 'passive'
  let cause: unknown
  try {
    const loaded = await load()
    const faiss = 'default' in loaded ? loaded.default : loaded
    if (isFaiss(faiss)) return faiss
  } catch (error) {
    cause = error
  }
  throw new MissingPeerError('MISSING_FAISS', {
    what: 'The faiss engine needs faiss-node, which cannot be loaded',
    given: cause instanceof Error ? cause.message.split('\n')[0] : 'a module without an Index',
    next: 'Run `npm install --ignore-scripts faiss-node`, then `npx @sparc/native faiss`. Or use engine "exact".',
    cause,
  })
}
