import type { Csr } from '@sparc/tables'

/** The other way round: row `c` of the result lists, ascending, the rows of `csr` that hold `c`. `columns` values per row at most once. */
export function transpose(csr: Csr, columns: number): Csr {
  const rows = csr.offsets.length - 1
  const offsets = new Int32Array(columns + 1)
  const first = csr.offsets[0]
  const last = csr.offsets[rows]
  for (let n = first; n < last; n++) offsets[csr.values[n] + 1]++
  for (let c = 0; c < columns; c++) offsets[c + 1] += offsets[c]
  const next = offsets.slice(0, columns)
  const values = new Int32Array(last - first)
  for (let r = 0; r < rows; r++) {
    for (let n = csr.offsets[r]; n < csr.offsets[r + 1]; n++) values[next[csr.values[n]]++] = r
  }
  return { offsets, values }
}

/** The same rows with each value once, in order of first appearance: what a binary user-item matrix keeps of a log. */
export function distinct(csr: Csr, columns: number): Csr {
  const rows = csr.offsets.length - 1
  const offsets = new Int32Array(rows + 1)
  const values = new Int32Array(csr.offsets[rows] - csr.offsets[0])
  const lastSeen = new Int32Array(columns).fill(-1)
  let length = 0
  for (let r = 0; r < rows; r++) {
    for (let n = csr.offsets[r]; n < csr.offsets[r + 1]; n++) {
      const value = csr.values[n]
      if (lastSeen[value] === r) continue
      lastSeen[value] = r
      values[length++] = value
    }
    offsets[r + 1] = length
  }
  return { offsets, values: values.slice(0, length) }
}

/** How many values each row has. */
export function rowLengths(csr: Csr): Int32Array {
  const lengths = new Int32Array(csr.offsets.length - 1)
  for (let r = 0; r < lengths.length; r++) lengths[r] = csr.offsets[r + 1] - csr.offsets[r]
  return lengths
}
