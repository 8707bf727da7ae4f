import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvalidFileError, random, saveFolder } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createResidualKMeans,
  createResidualQuantizer,
  createRqVae,
  createVectorQuantizer,
  loadQuantizer,
} from './index.ts'
import { pickBackend } from './tensorflow.fixture.ts'
import { blobs } from './vectors.fixture.ts'

let directory = ''
beforeAll(async () => {
  await pickBackend()
})
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sparc-codebook-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const VECTORS = blobs(120, 4, 9)
const makers = {
  vector: () => createVectorQuantizer({ size: 6, dim: 4, metric: 'cosine', update: 'average', random: random(2) }),
  residual: () => createResidualQuantizer({ size: [6, 5], dim: 4, balance: { by: 'capacity' }, random: random(2) }),
  'rq-vae': () => createRqVae({ dim: 4, hidden: [7], latent: 3, size: [6, 5], warmUp: 1, random: random(2) }),
  'residual-k-means': () => createResidualKMeans({ size: [6, 5], dim: 4, capacity: 1.2, random: random(2) }),
}

/** The one tensor file of a saved quantizer. */
async function tensorFile(): Promise<string> {
  const name = (await readdir(directory)).find((entry) => entry.endsWith('.safetensors'))
  return join(directory, name ?? 'missing')
}

test.each(Object.entries(makers))('a %s quantizer comes back as it was saved', async (kind, make) => {
  const quantizer = make()
  await quantizer.fit(VECTORS, { epochs: 1 })
  await quantizer.save(directory)
  const before = tf.memory().numTensors
  const again = await loadQuantizer(directory)
  expect(again.kind).toBe(kind)
  expect(again.sizes).toEqual(quantizer.sizes)
  const codes = quantizer.encode(VECTORS)
  expect(again.encode(VECTORS)).toEqual(codes)
  expect(again.decode(codes)).toEqual(quantizer.decode(codes))
  again.dispose()
  expect(tf.memory().numTensors).toBe(before)
  quantizer.dispose()
})

test('a loaded quantizer can be trained on', async () => {
  const quantizer = makers.residual()
  await quantizer.fit(VECTORS, { epochs: 1 })
  await quantizer.save(directory)
  const again = await loadQuantizer(directory)
  if (again.kind !== 'residual') throw new Error(again.kind)
  const { grads } = tf.variableGrads(
    () => again.quantize(tf.tensor2d(VECTORS.data, [120, 4])).losses.total,
    again.variables,
  )
  expect(Object.keys(grads).length).toBe(2)
})

test("the file opens with Python's safetensors, or by the published format where there is no Python", async () => {
  const quantizer = makers.residual()
  await quantizer.fit(VECTORS, { epochs: 1 })
  await quantizer.save(directory)
  const words = Array.from(quantizer.codewords(1).dataSync())
  const python = process.env.SPARC_PYTHON
  let tensors: Record<string, { shape: number[]; values: number[] }>
  if (python) {
    const script =
      'import json, sys; from safetensors.numpy import load_file; ' +
      'print(json.dumps({k: dict(shape=list(v.shape), values=[float(x) for x in v.ravel()]) for k, v in load_file(sys.argv[1]).items()}))'
    tensors = JSON.parse(execFileSync(python, ['-c', script, await tensorFile()], { encoding: 'utf8' }))
  } else {
    const bytes = await readFile(await tensorFile())
    const length = Number(bytes.readBigUInt64LE(0))
    const header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }> = JSON.parse(
      bytes.toString('utf8', 8, 8 + length),
    )
    const entries = Object.entries(header).map(
      ([
        name,
        {
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        const values = Array.from({ length: (to - from) / 4 }, (_, i) => bytes.readFloatLE(8 + length + from + 4 * i))
        return [name, { shape, values }]
      },
    )
    tensors = Object.fromEntries(entries)
  }
  expect(tensors['codewords.1'].shape).toEqual([5, 4])
  expect(tensors['codewords.1'].values).toEqual(words)
  expect(tensors['prices.0'].shape).toEqual([6])
  quantizer.dispose()
})

test('a truncated or altered file, a foreign or newer folder, and none at all are refused, and leave no tensor', async () => {
  const quantizer = makers.residual()
  await quantizer.save(directory)
  const before = tf.memory().numTensors
  const code = async () => {
    const error: unknown = await loadQuantizer(directory).catch((reason: unknown) => reason)
    return InvalidFileError.isInstance(error) ? error.code : String(error)
  }
  const file = await tensorFile()
  const whole = await readFile(file)
  await truncate(file, whole.length - 5)
  expect(await code()).toBe('TRUNCATED')
  const altered = Buffer.from(whole)
  altered[altered.length - 1] ^= 1
  await writeFile(file, altered)
  expect(await code()).toBe('CHECKSUM')
  const manifest = join(directory, 'manifest.json')
  const json = JSON.parse(await readFile(manifest, 'utf8'))
  await writeFile(manifest, JSON.stringify({ ...json, version: 99 }))
  expect(await code()).toBe('NEWER_VERSION')
  await writeFile(manifest, JSON.stringify({ ...json, format: 'sparc.model' }))
  expect(await code()).toBe('FOREIGN_FORMAT')
  await writeFile(manifest, JSON.stringify(json).slice(0, 40))
  expect(await code()).toBe('NOT_A_MANIFEST')
  await rm(manifest)
  expect(await code()).toBe('NO_SUCH_FILE')
  expect(tf.memory().numTensors).toBe(before)
  quantizer.dispose()
})

test('a whole folder whose parts do not fit together is refused, and leaves no tensor', async () => {
  const [small, large] = [6, 7].map((size) => createResidualQuantizer({ size: [size], dim: 4, random: random(1) }))
  await small.save(directory)
  const file = await readFile(await tensorFile())
  await large.save(directory)
  const { format, version, meta } = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'))
  await saveFolder(directory, { format, version, meta, files: { 'codebook.safetensors': file } })
  const before = tf.memory().numTensors
  await expect(loadQuantizer(directory)).rejects.toThrow(/does not fit together/)
  await saveFolder(directory, { format, version, meta: { ...meta, kind: 'other' }, files: {} })
  await expect(loadQuantizer(directory)).rejects.toThrow(/does not fit together/)
  expect(tf.memory().numTensors).toBe(before)
})
