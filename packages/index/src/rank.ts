import { tieHash } from '@sparc/tables'

let spare = new Int32Array(256)

/**
 * Positions of `(items[i], scores[i])`, `i < length`, best first: higher scores before lower, ties by `tieHash`, the
 * smaller first. Merge sort, bottom up, because lists are short and sorted often.
 */
export function rankOrder(items: Int32Array, scores: Float32Array, length: number, seed: number): Int32Array {
  let from = new Int32Array(length)
  if (spare.length < length) spare = new Int32Array(2 * length)
  let to = spare
  for (let i = 0; i < length; i++) from[i] = i
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length)
      const end = Math.min(start + 2 * width, length)
      let left = start
      let right = middle
      for (let at = start; at < end; at++) {
        to[at] = right >= end || (left < middle && !before(from[right], from[left])) ? from[left++] : from[right++]
      }
    }
    const held = from
    from = to
    to = held
  }
  if (from !== spare) return from
  const result = spare.slice(0, length)
  return result

  function before(a: number, b: number): boolean {
    if (scores[a] !== scores[b]) return scores[a] > scores[b]
    return tieHash(items[a], seed) < tieHash(items[b], seed)
  }
}
