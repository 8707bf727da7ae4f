import * as tf from '@tensorflow/tfjs'
import type { Histories } from '../training/sampler.ts'
import { stopGradient } from './constant.ts'
import { gatherRows } from './gather.ts'
import { segmentSum } from './segment-sum.ts'

/** Logits of padding: far enough below any other that softmax gives them nothing. */
export const PADDING_LOGIT = -1e9

/** Where the items of `size` histories stand, each with `length` places: most recent last, padding in front. */
export interface Places {
  size: number
  length: number
  /** Catalogue rows of the items, one history after the other, oldest first, `[filled]`. */
  items: Int32Array
  /** At which of all places each stands, `owner * length + position`, `[filled]`. */
  at: Int32Array
  /** int32 `[filled]`: which history an item is of. */
  owners: tf.Tensor1D
  /** int32 `[filled]`: at which of its places. */
  positions: tf.Tensor1D
  /** `at` as int32 `[filled]`. */
  flat: tf.Tensor1D
  /** int32 `[size]`: the last item of each history among those filled; any where there is none. */
  last: tf.Tensor1D
  /** `[size, 1, length]`: 0 where there is an item, `PADDING_LOGIT` at the padding. */
  padding: tf.Tensor3D
  /** `[size, 1]`: how many items each history has. */
  lengths: tf.Tensor2D
}

/**
 * Histories as vectors. What is done to each item alone is done to `rows`, without the padding, which most places of a batch are;
 * what looks at a whole history takes it `padded`.
 */
export interface History {
  places: Places
  /** A vector for each item, one history after the other, oldest first, `[filled, width]`. */
  rows: tf.Tensor2D
  /** The same at their places, `[size, length, width]`, zeros at the padding; made when first asked for. */
  padded(): tf.Tensor3D
}

/** Where the items of these histories stand; call inside of `tf.tidy`. Where none has any, one place holds nothing, item -1. */
export function placesOf({ items: all, rows: size, length }: Histories): Places {
  const padding = new Float32Array(all.length)
  const lengths = new Float32Array(size)
  const last = new Int32Array(size)
  const flat = new Int32Array(all.length)
  let filled = 0
  for (let at = 0; at < all.length; at++) {
    if (all[at] < 0) {
      padding[at] = PADDING_LOGIT
      continue
    }
    const owner = Math.floor(at / length)
    lengths[owner]++
    last[owner] = filled
    flat[filled++] = at
  }
  const there = flat.subarray(0, Math.max(filled, 1))
  const ints = (numbers: Int32Array) => tf.tensor1d(numbers, 'int32')
  return {
    size,
    length,
    items: there.map((at) => all[at]),
    at: there,
    owners: ints(there.map((at) => Math.floor(at / length))),
    positions: ints(there.map((at) => at % length)),
    flat: ints(there),
    last: ints(last),
    padding: tf.tensor3d(padding, [size, 1, length]),
    lengths: tf.tensor2d(lengths, [size, 1]),
  }
}

/**
 * Where no history has an item, what was made of the place that holds nothing is left out again: so zeros are all that there is.
 *
 * @param padded what `rows` are at their places, where that is known already
 */
export function createHistory(places: Places, given: tf.Tensor2D, padded?: tf.Tensor3D): History {
  const rows = places.items[0] < 0 ? tf.mul<tf.Tensor2D>(given, 0) : given
  let made = padded
  return {
    places,
    rows,
    padded() {
      made ??= atPlaces(rows, places)
      return made
    },
  }
}

/** The same histories, and no gradient. */
export function stopHistory({ places, rows, padded }: History): History {
  return createHistory(places, stopGradient(rows), stopGradient(padded()))
}

/** Whether no place is padding: then rows stand at their places as they are. */
export function isFull({ size, length, flat }: Places): boolean {
  return flat.size === size * length
}

/** Rows at their places, `[filled, width]` to `[size * length, width]`: each place has one at most, so the way back is a gather. */
function scatter(rows: tf.Tensor2D, { flat, size, length, at }: Places): tf.Tensor2D {
  return segmentSum(rows, flat, size * length, at[at.length - 1])
}

/** `scatter` or its way back, `gather`, whose gradients are one another. */
function moveRows(rows: tf.Tensor2D, places: Places, way: 'scatter' | 'gather'): tf.Tensor2D {
  const op = tf.customGrad((x) => {
    const scattered = (x: tf.Tensor) => scatter(x as tf.Tensor2D, places)
    const gathered = (x: tf.Tensor) => tf.gather(x, places.flat)
    const [value, gradFunc] = way === 'scatter' ? [scattered, gathered] : [gathered, scattered]
    return { value: value(x as tf.Tensor), gradFunc }
  })
  return op(rows) as tf.Tensor2D
}

/** Rows at their places, `[filled, width]` to `[size, length, width]`. */
function atPlaces(rows: tf.Tensor2D, places: Places): tf.Tensor3D {
  const shape: [number, number, number] = [places.size, places.length, rows.shape[1]]
  return tf.reshape(isFull(places) ? rows : moveRows(rows, places, 'scatter'), shape)
}

/** From `[size, length, width]` what stands at the items, `[filled, width]`. */
export function fromPlaces(all: tf.Tensor3D, places: Places): tf.Tensor2D {
  const rows = tf.reshape(all, [places.size * places.length, all.shape[2]]) as tf.Tensor2D
  return isFull(places) ? rows : moveRows(rows, places, 'gather')
}

/** `h_l + P_l` for each item, `P` `[length, width]`. */
export function addPositions(rows: tf.Tensor2D, positions: tf.Tensor2D, places: Places): tf.Tensor2D {
  if (isFull(places)) return tf.reshape(tf.add(atPlaces(rows, places), positions), rows.shape)
  return tf.add(rows, gatherRows(positions, places.positions))
}

/** What stands at the last item of each history, `[filled, width]` to `[size, width]`; zeros for an empty one. */
export function lastOf(rows: tf.Tensor2D, { last, lengths }: Places): tf.Tensor2D {
  return tf.mul(gatherRows(rows, last), tf.minimum(lengths, 1))
}
