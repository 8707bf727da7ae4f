import type { Csr, Random } from '@sparc/tables'
import { spectralVectors } from './spectral.ts'

/** Share of noise in a spectral start, relative to the length of a normally distributed row. */
const NOISE = 0.3

/**
 * The values that item vectors begin with, `[items, dim]`. Rows are about `scale * sqrt(dim)` long either way.
 *
 * `normal` draws them; `spectral` begins with the co-occurrence geometry of `spectralVectors` plus a little noise, which
 * keeps items apart that the same users used. Items that nobody used are drawn.
 */
export async function initialRows(
  kind: 'normal' | 'spectral',
  sequences: Csr,
  items: number,
  { dim, scale, random, breathe }: { dim: number; scale: number; random: Random; breathe?: () => Promise<void> },
): Promise<Float32Array> {
  const rows =
    kind === 'spectral' ? await spectralVectors(sequences, items, dim, random, breathe) : new Float32Array(items * dim)
  const length = scale * Math.sqrt(dim)
  for (let item = 0; item < items; item++) {
    let known = false
    for (let d = 0; d < dim; d++) known ||= rows[item * dim + d] !== 0
    const noise = known ? NOISE * scale : scale
    for (let d = 0; d < dim; d++) rows[item * dim + d] = rows[item * dim + d] * length + random.normal() * noise
  }
  return rows
}
