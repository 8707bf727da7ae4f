import type { PlainHistory, SavedNetwork } from './user-encoder.ts'
import { product, reluAll, softmaxAt } from './vectors.ts'

/** Layer normalisation of `rows` rows, see `createLayerNorm`. */
function layerNorm({ options: { dim }, weights }: SavedNetwork, name: string) {
  const gain = weights(`${name}/gain`)
  const bias = weights(`${name}/bias`)
  return (x: Float64Array, rows: number, out: Float64Array): Float64Array => {
    for (let at = 0; at < rows * dim; at += dim) {
      let mean = 0
      for (let d = 0; d < dim; d++) mean += x[at + d] / dim
      let square = 0
      for (let d = 0; d < dim; d++) square += (x[at + d] - mean) ** 2 / dim
      const inverse = 1 / Math.sqrt(square + 1e-8)
      for (let d = 0; d < dim; d++) out[at + d] = (x[at + d] - mean) * inverse * gain[d] + bias[d]
    }
    return out
  }
}

/** Memory that the blocks of a transformer share. */
function scratch(length: number, dim: number, hidden: number) {
  const rows = () => new Float64Array(length * dim)
  return {
    normed: rows(),
    query: rows(),
    key: rows(),
    value: rows(),
    mixed: rows(),
    added: rows(),
    weights: new Float64Array(length),
    hidden: new Float64Array(length * hidden),
  }
}
type Scratch = ReturnType<typeof scratch>

/**
 * One block of the causal transformer, see `createCausalTransformer`: `x + f(norm(x))` for attention, then for the
 * point-wise network. Only the rows from `from` are computed; earlier ones are looked at as they come in.
 */
function transformerBlock(saved: SavedNetwork, name: string, heads: number, own: Scratch) {
  const { weights, options, linear } = saved
  const { dim, history: rows } = options
  const width = dim / heads
  const before = layerNorm(saved, `${name}/attention-norm`)
  const middle = layerNorm(saved, `${name}/network-norm`)
  const [query, key, value, output] = ['query', 'key', 'value', 'output'].map((part) =>
    linear(`${name}/${part}`, dim, { rows }),
  )
  const inner = linear(`${name}/w1`, weights(`${name}/b1`).length, { bias: `${name}/b1`, rows })
  const outer = linear(`${name}/w2`, dim, { bias: `${name}/b2`, rows })
  const add = (x: Float64Array, y: Float64Array) => {
    for (let i = 0; i < x.length; i++) x[i] += y[i]
  }
  return (x: Float64Array, count: number, from: number): void => {
    before(x, count, own.normed)
    key(own.normed, count, own.key)
    value(own.normed, count, own.value)
    const rest = own.normed.subarray(from * dim, count * dim)
    query(rest, count - from, own.query)
    attend(own, { count, from, heads, width })
    const after = x.subarray(from * dim, count * dim)
    add(after, output(own.mixed, count - from, own.added))
    middle(after, count - from, own.normed)
    reluAll(inner(own.normed, count - from, own.hidden), (count - from) * inner.outputs)
    add(after, outer(own.hidden, count - from, own.added))
  }
}

/** Causal attention head by head, `softmax(q_t . k_s / sqrt(width)) v_s` over `s <= t`, for the rows from `from`. */
function attend(
  { query, key, value, mixed, weights }: Scratch,
  { count, from, heads, width }: { count: number; from: number; heads: number; width: number },
): void {
  const dim = heads * width
  const scale = 1 / Math.sqrt(width)
  for (let t = from; t < count; t++) {
    for (let h = 0; h < heads; h++) {
      const at = (t - from) * dim + h * width
      for (let s = 0; s <= t; s++) weights[s] = product(query, at, key, s * dim + h * width, width) * scale
      softmaxAt(weights, 0, t + 1)
      mixed.fill(0, at, at + width)
      for (let s = 0; s <= t; s++) {
        const weight = weights[s]
        const v = s * dim + h * width
        for (let d = 0; d < width; d++) mixed[at + d] += weight * value[v + d]
      }
    }
  }
}

/**
 * The causal transformer of `createCausalTransformer`: what stands at the positions of a history from `from` on, `[count - from, dim]`. It is
 * written over by the next history. The items enter it `scale` times as long as they are.
 */
export function causalTransformer(
  saved: SavedNetwork,
  name: string,
  { blocks, heads, scale }: { blocks: number; heads: number; scale: number },
): (history: PlainHistory, from: number) => Float64Array {
  const { options, weights } = saved
  const { dim, history: length } = options
  const positions = weights(`${name}/positions`)
  const own = scratch(length, dim, weights(`${name}/0/b1`).length)
  const layers = Array.from({ length: blocks }, (_, b) => transformerBlock(saved, `${name}/${b}`, heads, own))
  const norm = layerNorm(saved, `${name}/norm`)
  const state = new Float64Array(length * dim)
  const out = new Float64Array(length * dim)
  return ({ rows, count, first }, from) => {
    for (let i = 0; i < count * dim; i++) state[i] = rows[i] * scale + positions[first * dim + i]
    // Of the last block only what is asked for is needed.
    for (const [b, layer] of layers.entries()) layer(state, count, b + 1 < blocks ? 0 : from)
    return norm(state.subarray(from * dim, count * dim), count - from, out)
  }
}
