import type { Embeddings } from '@sparc/tables'
import { embeddingsFrom } from './arrays.ts'

export const ITEMS = 120

/** A state that can be told from every other: all vectors are (state, 1), and codes change with it. */
export function stateOf(state: number): Embeddings {
  const vectors = new Float32Array(2 * ITEMS).fill(1)
  for (let i = 0; i < ITEMS; i++) vectors[2 * i] = state
  const codes = Uint16Array.from({ length: ITEMS }, (_, i) => (i + state) % 4)
  return embeddingsFrom({ vectors, dim: 2, codes })
}
