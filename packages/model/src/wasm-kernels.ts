import * as tf from '@tensorflow/tfjs'

/**
 * Sums the rows of each segment: `out[s] = sum of values[i] where ids[i] = s`; ids outside of the segments are dropped.
 *
 * @param values `[rows, width]`
 * @param ids `[rows]`
 * @returns `[segments, width]`
 */
export function segmentSum(values: Float32Array, ids: Int32Array, segments: number, width: number): Float32Array {
  const out = new Float32Array(segments * width)
  for (let i = 0; i < ids.length; i++) {
    const segment = ids[i]
    if (segment < 0 || segment >= segments) continue
    const from = i * width
    const to = segment * width
    for (let d = 0; d < width; d++) out[to + d] += values[from + d]
  }
  return out
}

/** Registers what the WebAssembly backend lacks and training needs: `UnsortedSegmentSum`, the gradient of a gather. */
export function registerWasmKernels(): void {
  if (tf.getKernel('UnsortedSegmentSum', 'wasm')) return
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs
      if (!x || !segmentIds) throw new Error('UnsortedSegmentSum needs x and segmentIds')
      const segments = Number(attrs?.numSegments)
      const rest = x.shape.slice(1)
      const width = rest.reduce((product, n) => product * n, 1)
      const engine = tf.engine()
      const values = engine.readSync(x.dataId)
      const ids = engine.readSync(segmentIds.dataId)
      const sums = segmentSum(
        Float32Array.from(values as Float32Array),
        Int32Array.from(ids as Int32Array),
        segments,
        width,
      )
      return engine.makeTensor(sums, [segments, ...rest], 'float32')
    },
  })
}
