import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry } from './cache.ts'
import type { OnEvent } from './events.ts'
import { downloadWheel, findPip, unpackWheel } from './pip.ts'
import { cpuWheel, cudaWheels, gpuWheel, type Wheel } from './wheels.ts'

/** TensorFlow's C library as found in a wheel: its shared libraries and the headers of its C interface. */
export interface TensorflowLibrary {
  /** What it is, for people. */
  source: string
  /** Part of the cache keys of what is compiled against it. */
  key: string
  /** The shared libraries, all in one folder. */
  shared: string[]
  include: string
  /** Folder of CUDA's libraries, which must lie beside the folder of the shared libraries. */
  nvidia?: string
}

const libraryNames = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

// Of 268 MB of headers in the wheel these are what the C interface includes.
const headers = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/']

/** The C library from PyPI's wheels, in the cache once per user: 0.9 GB for the CPU, 5 GB with CUDA. */
export async function tensorflowLibrary(
  variant: 'cpu' | 'gpu',
  options: { onEvent?: OnEvent; cache?: string },
): Promise<TensorflowLibrary> {
  const [wheel, extra] = variant === 'cpu' ? [cpuWheel, []] : [gpuWheel, cudaWheels]
  const key = `${wheel.project}-${wheel.version}${variant === 'gpu' ? '-cuda12' : ''}-linux-x64`
  const directory = await cacheEntry(key, (staging) => unpack(wheel, extra, staging, options.onEvent), options)
  return {
    source: `PyPI’s ${wheel.project} ${wheel.version}${variant === 'gpu' ? ' and CUDA 12' : ''}`,
    key,
    shared: libraryNames.map((name) => join(directory, 'lib', name)),
    include: join(directory, 'include'),
    nvidia: variant === 'gpu' ? join(directory, 'nvidia') : undefined,
  }
}

async function unpack(wheel: Wheel, extra: Wheel[], staging: string, onEvent?: OnEvent): Promise<void> {
  const pip = await findPip()
  const download = join(staging, 'download')
  await mkdir(download)
  const path = await downloadWheel(pip, wheel, download, onEvent)
  onEvent?.({ kind: 'step', text: 'Unpacking TensorFlow’s C library' })
  const libraries = libraryNames.map((name) => `tensorflow/${name}`)
  await unpackWheel(pip, path, download, [...libraries, ...headers.map((name) => `tensorflow/include/${name}`)])
  await mkdir(join(staging, 'lib'))
  for (const name of libraryNames) await rename(join(download, 'tensorflow', name), join(staging, 'lib', name))
  await rename(join(download, 'tensorflow', 'include'), join(staging, 'include'))
  await rm(download, { recursive: true })
  for (const more of extra) {
    await mkdir(download)
    await unpackWheel(pip, await downloadWheel(pip, more, download, onEvent), staging, ['nvidia/'])
    await rm(download, { recursive: true })
  }
}
