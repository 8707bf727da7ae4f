import { random } from '@sparc/tables'

/**
 * Shuffles, in place, the items of each run of rows with the same user and time. Day-grained logs are published in the
 * order of the item ids inside a day; left as it is, that order gives answers away.
 */
export function shuffleTies(users: Int32Array, items: Int32Array, times: Float64Array, seed: number): void {
  const source = random(seed).fork('ties')
  for (let start = 0; start < items.length; ) {
    let end = start + 1
    while (end < items.length && users[end] === users[start] && times[end] === times[start]) end++
    if (end - start > 1) source.shuffle(items.subarray(start, end))
    start = end
  }
}
