import type { Csr } from '@sparc/tables'

/**
 * Adds to the vector that begins at `out[at]` the weighted feature rows of an item, `scale sum_f w_if f`.
 *
 * @param rows `[features, dim]`
 */
export function addFeatureRows(
  { bags: { offsets, values }, weights }: { bags: Csr; weights: Float32Array },
  item: number,
  rows: Float32Array,
  dim: number,
  out: Float32Array,
  at: number,
  scale = 1,
): void {
  for (let f = offsets[item]; f < offsets[item + 1]; f++) {
    const from = values[f] * dim
    const weight = scale * weights[f]
    for (let d = 0; d < dim; d++) out[at + d] += weight * rows[from + d]
  }
}
