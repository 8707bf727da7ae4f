import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry } from './cache.ts'
import type { OnEvent } from './events.ts'
import { downloadWheel, findPip, unpackWheel, type Wheel } from './pip.ts'

const cpuWheel: Wheel = {
  project: 'tensorflow-cpu',
  version: '2.21.0',
  python: '3.11',
  platform: 'manylinux_2_27_x86_64',
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  bytes: 273_829_956,
}

/** TensorFlow's C library as found in a wheel: its shared libraries and the headers of its C interface. */
export interface TensorflowLibrary {
  /** What it is, for people. */
  source: string
  /** Part of the cache keys of what is compiled against it. */
  key: string
  libraries: string[]
  include: string
}

const libraryNames = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

// Of 268 MB of headers in the wheel these are what the C interface includes.
const headers = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/']

/** The C library for the CPU, from the wheel `tensorflow-cpu`; 790 MB, once per user. */
export async function tensorflowLibrary(options: { onEvent?: OnEvent; cache?: string }): Promise<TensorflowLibrary> {
  const key = `${cpuWheel.project}-${cpuWheel.version}-linux-x64`
  const directory = await cacheEntry(key, (staging) => unpack(cpuWheel, staging, options.onEvent), options)
  const libraries = libraryNames.map((name) => join(directory, 'lib', name))
  return {
    source: `${cpuWheel.project} ${cpuWheel.version} (PyPI)`,
    key,
    libraries,
    include: join(directory, 'include'),
  }
}

async function unpack(wheel: Wheel, staging: string, onEvent?: OnEvent): Promise<void> {
  const pip = await findPip()
  const download = join(staging, 'download')
  await mkdir(download)
  const path = await downloadWheel(pip, wheel, download, onEvent)
  onEvent?.({ kind: 'step', text: 'Unpacking TensorFlow’s C library' })
  const wanted = [
    ...libraryNames.map((name) => `tensorflow/${name}`),
    ...headers.map((name) => `tensorflow/include/${name}`),
  ]
  await unpackWheel(pip, path, download, wanted)
  await mkdir(join(staging, 'lib'))
  for (const name of libraryNames) await rename(join(download, 'tensorflow', name), join(staging, 'lib', name))
  await rename(join(download, 'tensorflow', 'include'), join(staging, 'include'))
  await rm(download, { recursive: true })
}
