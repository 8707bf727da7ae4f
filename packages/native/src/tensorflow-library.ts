import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheEntry } from './cache.ts'
import type { OnEvent } from './events.ts'
import { downloadWheel, findPip, unpackWheel, type Wheel } from './pip.ts'

const cpu: Wheel = {
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
  /** The shared libraries, all in one folder. */
  shared: string[]
  /** What the linker is told to link. */
  link: string[]
  include: string
}

const libraryNames = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

// Of 268 MB of headers in the wheel these are what the C interface includes.
const headers = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/']

/** The C library from PyPI's wheel, in the cache once per user: 790 MB for the CPU. */
export async function tensorflowLibrary(
  _variant: 'cpu' | 'gpu',
  options: { onEvent?: OnEvent; cache?: string },
): Promise<TensorflowLibrary> {
  const wheel = cpu
  const key = `${wheel.project}-${wheel.version}-linux-x64`
  const directory = await cacheEntry(key, (staging) => unpack(wheel, staging, options.onEvent), options)
  const lib = join(directory, 'lib')
  return {
    source: `PyPI’s ${wheel.project} ${wheel.version}`,
    key,
    shared: (await readdir(lib)).sort().map((name) => join(lib, name)),
    link: libraryNames.map((name) => `-l:${name}`),
    include: join(directory, 'include'),
  }
}

async function unpack(wheel: Wheel, staging: string, onEvent?: OnEvent): Promise<void> {
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
}
