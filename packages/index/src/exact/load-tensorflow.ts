import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'

/** What is used of TensorFlow. */
export type Tensorflow = Pick<
  typeof import('@tensorflow/tfjs-node'),
  'add' | 'dispose' | 'gather' | 'logSumExp' | 'matMul' | 'max' | 'mul' | 'reshape' | 'tensor1d' | 'tensor2d' | 'tidy'
>

export type Tensor = import('@tensorflow/tfjs-node').Tensor

let loading: Promise<Tensorflow | undefined> | undefined

/** The native TensorFlow, where `@tensorflow/tfjs-node` is installed and built; loaded once, when first asked for. */
export function loadTensorflow(): Promise<Tensorflow | undefined> {
  loading ??= load()
  return loading
}

async function load(): Promise<Tensorflow | undefined> {
  // The library can be loaded by the main thread only; an import that fails half way would leave parts of it behind.
  if (!isMainThread || !isBuilt()) return undefined
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0'
  restoreNodeUtil()
  try {
    const tf = await import('@tensorflow/tfjs-node')
    await tf.ready()
    return tf.getBackend() === 'tensorflow' ? tf : undefined
  } catch {
    return undefined
  }
}

function isBuilt(): boolean {
  try {
    const lib = join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json')), 'lib')
    return existsSync(lib) && readdirSync(lib).some((napi) => existsSync(join(lib, napi, 'tfjs_binding.node')))
  } catch {
    return false
  }
}

/** What tfjs-node still calls, and Node has no more from 23 on. */
function restoreNodeUtil(): void {
  const util: Record<string, unknown> = createRequire(import.meta.url)('node:util')
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  util.isArray ??= Array.isArray
}
