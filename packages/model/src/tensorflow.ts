import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { InvalidInputError, MissingPeerError, SparcError, suggest } from '@sparc/tables'

/** The backends that may do the work, best first. */
export const BACKENDS = ['tensorflow-gpu', 'tensorflow', 'wasm', 'cpu'] as const
export type Backend = (typeof BACKENDS)[number]

/** Which TensorFlow backend was picked, and what would be faster. */
export interface Tensorflow {
  backend: Backend
  /** For people: what to do for a faster backend; absent where the best one is in use. */
  advice?: string
  /** What was tried before, and why it could not be had. */
  tried: { backend: Backend; reason: string }[]
}

let picked: Promise<Tensorflow> | undefined

/**
 * Picks the TensorFlow backend, once per process: `@tensorflow/tfjs-node-gpu`, else `@tensorflow/tfjs-node`, else WebAssembly.
 * `SPARC_BACKEND` (`tensorflow-gpu`, `tensorflow`, `wasm` or `cpu`) asks for one and accepts no other. The native library gets a thread
 * for each core (`threadsOf`), or as many as `TF_NUM_INTRAOP_THREADS` says.
 *
 * @throws InvalidInputError `UNKNOWN_BACKEND`; MissingPeerError `BACKEND_UNAVAILABLE`; SparcError `TWO_TENSORFLOWS`
 *
 * @example
 * const { backend, advice } = await loadTensorflow()
 */
export function loadTensorflow(): Promise<Tensorflow> {
  picked ??= pick(process.env.SPARC_BACKEND)
  return picked
}

async function pick(asked: string | undefined): Promise<Tensorflow> {
  quiet()
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threadsOf(availableParallelism(), process.arch))
  const wanted = BACKENDS.filter((name) => (asked ? name === asked : name !== 'cpu'))
  if (wanted.length === 0 && asked) {
    const near = suggest(asked, BACKENDS)
    throw new InvalidInputError('UNKNOWN_BACKEND', {
      what: 'SPARC_BACKEND names no backend',
      given: asked,
      allowed: BACKENDS.join(', '),
      next: near ? `Did you mean "${near}"?` : 'Unset it to let the best one be picked.',
    })
  }
  const tried: Tensorflow['tried'] = []
  for (const backend of wanted) {
    try {
      await LOADERS[backend]()
      return { backend, advice: adviceFor(backend), tried }
    } catch (error) {
      if (SparcError.isInstance(error)) throw error
      tried.push({ backend, reason: error instanceof Error ? error.message.split('\n')[0] : String(error) })
    }
  }
  throw new MissingPeerError('BACKEND_UNAVAILABLE', {
    what: 'No TensorFlow backend could be loaded',
    given: tried.map(({ backend, reason }) => `${backend}: ${reason}`).join('; '),
    allowed: BACKENDS.join(', '),
    next: 'Run `npm install --ignore-scripts @tensorflow/tfjs-node`, then `npx @sparc/native tensorflow`. Or, some 15 times slower, `npm install @tensorflow/tfjs-backend-wasm`.',
  })
}

function adviceFor(backend: Backend): string | undefined {
  if (backend === 'tensorflow' || backend === 'tensorflow-gpu') return undefined
  return 'Training runs some 15 times faster on the native library: `npm install --ignore-scripts @tensorflow/tfjs-node`, then `npx @sparc/native tensorflow`.'
}

/** TensorFlow prints a banner on load and tfjs warns of what we know; both would end up in the middle of a report. */
function quiet(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
  // Its banner ignores the level above; the plain kernels are as fast here, and sum in a fixed order.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0'
}

/**
 * Threads to compute with, given the number of logical processors: one for each core. On x64 two of them share one, whose
 * arithmetic one thread keeps busy; where each has a thread, the operations of a training step take longer (docs/decisions/0018).
 */
export function threadsOf(processors: number, architecture: string): number {
  return architecture === 'x64' ? Math.max(1, Math.floor(processors / 2)) : processors
}

/** `util.isNullOrUndefined` and `util.isArray`, which tfjs-node still calls, are gone from Node 23 on. */
function restoreNodeUtil(): void {
  const util: Record<string, unknown> = createRequire(import.meta.url)('node:util')
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined
  util.isArray ??= Array.isArray
}

/** An import that fails half way leaves its kernels registered, so a missing binary is found before it. */
function checkBuilt(module: string): void {
  const root = dirname(createRequire(import.meta.url).resolve(`${module}/package.json`))
  const lib = join(root, 'lib')
  const built = existsSync(lib) && readdirSync(lib).some((napi) => existsSync(join(lib, napi, 'tfjs_binding.node')))
  if (!built) throw new Error(`${module} has no binary`)
}

async function loadNative(module: '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu'): Promise<void> {
  if (!isMainThread) throw new Error('the native library can be loaded by the main thread only')
  checkBuilt(module)
  restoreNodeUtil()
  const native = await import(module)
  const tf = await import('@tensorflow/tfjs')
  const theirs: unknown = native.Tensor ?? native.default?.Tensor
  if (theirs !== tf.Tensor) {
    throw new SparcError('TWO_TENSORFLOWS', {
      what: `${module} brings a second copy of @tensorflow/tfjs-core, and tensors of one mean nothing to the other`,
      given: `@tensorflow/tfjs ${tf.version.tfjs}, ${module} with another copy`,
      allowed: 'one copy in the process',
      next: 'Give both the same version in package.json and install again (`npm dedupe`).',
    })
  }
  if (!(await tf.setBackend('tensorflow'))) throw new Error('the backend refused to start')
  await tf.ready()
}

const LOADERS: Record<Backend, () => Promise<void>> = {
  'tensorflow-gpu': () => loadNative('@tensorflow/tfjs-node-gpu'),
  tensorflow: () => loadNative('@tensorflow/tfjs-node'),
  async wasm() {
    const tf = await import('@tensorflow/tfjs')
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    const require = createRequire(import.meta.url)
    const main = require.resolve('@tensorflow/tfjs-backend-wasm')
    setWasmPaths(main.replace(/[^/\\]*$/, ''))
    const { registerWasmKernels } = await import('./wasm-kernels.ts')
    registerWasmKernels()
    if (!(await tf.setBackend('wasm'))) throw new Error('the backend refused to start')
    await tf.ready()
  },
  async cpu() {
    const tf = await import('@tensorflow/tfjs')
    await tf.setBackend('cpu')
    await tf.ready()
  },
}
