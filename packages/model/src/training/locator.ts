/** Numbers the distinct items of a batch, so that each row of the catalogue is fetched and updated once a step. */
export interface Locator {
  /** Catalogue row of each local one; local row 0 is the padding row, -1. Valid up to `count`. */
  readonly rows: Int32Array
  /** Distinct items so far, padding included. */
  readonly count: number
  /** Forgets the batch before. */
  begin(): void
  /** Writes the local row of each item into `out`; padding (-1) becomes 0. */
  locate(items: Int32Array, out: Int32Array): void
}

/** @param items length of the catalogue; the locator holds four bytes for each */
export function createLocator(items: number): Locator {
  const local = new Int32Array(items)
  let rows = new Int32Array(4096)
  let count = 1
  rows[0] = -1
  return {
    get rows() {
      return rows
    },
    get count() {
      return count
    },
    begin() {
      for (let r = 1; r < count; r++) local[rows[r]] = 0
      count = 1
    },
    locate(wanted, out) {
      if (count + wanted.length > rows.length) {
        const longer = new Int32Array(2 * (count + wanted.length))
        longer.set(rows)
        rows = longer
      }
      for (let i = 0; i < wanted.length; i++) {
        const item = wanted[i]
        if (item < 0) {
          out[i] = 0
          continue
        }
        let row = local[item]
        if (row === 0) {
          row = count++
          local[item] = row
          rows[row] = item
        }
        out[i] = row
      }
    },
  }
}
