import type { Csr } from '@sparc/tables'
import { Bool, type Data, Float64, Int32, makeData, Table, Vector } from 'apache-arrow'
import type { CaseColumns } from './group-scores.ts'

/** The per-case table of a report: see `Report.perCase`. */
export function perCaseTable(cases: Table, lists: { history: Csr; targets: Csr }, columns: CaseColumns): Table {
  const vectors: Record<string, Vector> = { user: cases.getChild('user')! }
  vectors.history = new Vector([lengths(lists.history)])
  vectors.targets = new Vector([lengths(lists.targets)])
  for (const [name, values] of columns.values) vectors[name] = new Vector([nullable(values)])
  for (const [name, mask] of columns.masks) vectors[name] = new Vector([bools(mask)])
  return new Table(vectors)
}

function lengths({ offsets }: Csr): Data<Int32> {
  const data = Int32Array.from({ length: offsets.length - 1 }, (_, row) => offsets[row + 1] - offsets[row])
  return makeData({ type: new Int32(), data })
}

/** NaN as null. */
function nullable(values: Float64Array): Data<Float64> {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8))
  let nullCount = 0
  for (let row = 0; row < values.length; row++) {
    if (!Number.isNaN(values[row])) nullBitmap[row >> 3] |= 1 << (row & 7)
    else nullCount++
  }
  return makeData({
    type: new Float64(),
    data: values,
    nullCount,
    nullBitmap: nullCount === 0 ? undefined : nullBitmap,
  })
}

function bools(mask: Uint8Array): Data<Bool> {
  const data = new Uint8Array(Math.ceil(mask.length / 8))
  for (let row = 0; row < mask.length; row++) if (mask[row] === 1) data[row >> 3] |= 1 << (row & 7)
  return makeData({ type: new Bool(), length: mask.length, data })
}
