import { type Csr, InvalidInputError, type Random } from '@sparc/tables'

/** Histories as item rows, most recent LAST; short ones are padded with -1 in FRONT, so a column is a distance from now. */
export interface Histories {
  /** `[rows * length]` */
  items: Int32Array
  /** Number of rows. */
  rows: number
  /** Columns. */
  length: number
}

/** One batch of training examples as item rows. The arrays are reused by the next batch. */
export interface Batch {
  histories: Histories
  /** Row of each example's user in the sequences, `[rows]`. */
  users: Int32Array
  /** What each user took next, `[rows]`. */
  targets: Int32Array
}

/** Copies the last `length` of `values[start .. end)` into row `r` of the histories. */
export function writeHistory(out: Histories, r: number, values: Int32Array, start: number, end: number): void {
  const { items, length } = out
  const from = Math.max(start, end - length)
  const padding = length - (end - from)
  const at = r * length
  for (let t = 0; t < padding; t++) items[at + t] = -1
  for (let t = from; t < end; t++) items[at + padding + t - from] = values[t]
}

export function createHistories(rows: number, length: number): Histories {
  return { items: new Int32Array(rows * length), rows, length }
}

/** Draws batches from sequences, which it reads where they are. */
export interface BatchSampler {
  /** Users with fewer than two interactions: there is nothing to learn from them. */
  readonly skipped: number
  next(): Batch
  /**
   * How likely each item is to be the target of an example, `[items]`: the mean over users of its share of the user's target positions.
   * One pass over the sequences.
   */
  targetShares(items: number): Float64Array
}

/**
 * A user uniformly, one of its positions in `[min(minHistory, n - 1), n)` uniformly as the target, the up to `history` items before it.
 *
 * @throws InvalidInputError `TOO_LITTLE_DATA`
 */
export function createSampler(
  sequences: Csr,
  { batch, history, minHistory, random }: { batch: number; history: number; minHistory: number; random: Random },
): BatchSampler {
  const { offsets, values } = sequences
  const users = offsets.length - 1
  const eligible = new Int32Array(users)
  let count = 0
  for (let u = 0; u < users; u++) if (offsets[u + 1] - offsets[u] >= 2) eligible[count++] = u
  if (count === 0) {
    throw new InvalidInputError('TOO_LITTLE_DATA', {
      what: 'No user in the sequences has two interactions, so there is nothing to learn',
      given: `${users} sequences`,
      allowed: 'at least one sequence of two items or more',
      next: 'Check the filters of the data set, and that sequences are grouped by user.',
    })
  }
  /** Where a user's targets begin. */
  const firstTarget = (user: number) => Math.min(minHistory, offsets[user + 1] - offsets[user] - 1)
  const next: Batch = {
    histories: createHistories(batch, history),
    users: new Int32Array(batch),
    targets: new Int32Array(batch),
  }
  return {
    skipped: users - count,
    next() {
      for (let r = 0; r < batch; r++) {
        const user = eligible[random.int(count)]
        const start = offsets[user]
        const n = offsets[user + 1] - start
        const first = firstTarget(user)
        const position = start + first + random.int(n - first)
        next.users[r] = user
        next.targets[r] = values[position]
        writeHistory(next.histories, r, values, start, position)
      }
      return next
    },
    targetShares(items) {
      const shares = new Float64Array(items)
      for (const user of eligible.subarray(0, count)) {
        const start = offsets[user] + firstTarget(user)
        const end = offsets[user + 1]
        for (let i = start; i < end; i++) shares[values[i]] += 1 / (count * (end - start))
      }
      return shares
    },
  }
}

/** How often each item occurs in the sequences, `[items]`. */
export function countItems(sequences: Csr, items: number): Int32Array {
  const counts = new Int32Array(items)
  const end = sequences.offsets[sequences.offsets.length - 1]
  for (let i = 0; i < end; i++) counts[sequences.values[i]]++
  return counts
}
