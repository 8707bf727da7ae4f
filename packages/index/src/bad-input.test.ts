import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeSafetensors, type Embeddings, encodeSafetensors, makeQueries, SparcError } from '@sparc/tables'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { embeddingsFrom, interestsFrom } from './arrays.ts'
import { CodeShardedIndex } from './code-sharded-index.ts'
import { loadFaiss } from './faiss/load.ts'
import { connect } from './milvus/connection.ts'
import { milvusSchema } from './milvus/settings.ts'
import { catalogue, people } from './world.fixture.ts'

const good = catalogue({ items: 40, dim: 3, codes: 4, seed: 1 })
const asked = people(good, { users: 3, interests: 2, seed: 2 })

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return SparcError.isInstance(error) ? error.code : `not a typed error: ${error}`
}

/** A call with values that the types would refuse. */
function build(embeddings: Embeddings, options?: object): Promise<CodeShardedIndex> {
  return CodeShardedIndex.build(embeddings, options)
}

function withVector(row: number, value: number): Embeddings {
  const data = good.vectors.data.slice()
  data[row * 3] = value
  return { ...good, vectors: { ...good.vectors, data } }
}

describe('building refuses', () => {
  it.each([
    ['NaN', withVector(5, Number.NaN), {}, 'NOT_FINITE'],
    ['infinity', withVector(5, Number.POSITIVE_INFINITY), {}, 'NOT_FINITE'],
    ['values that float32 sums overflow on', withVector(5, 1e30), {}, 'VALUE_TOO_LARGE'],
    ['an item twice', { ...good, items: good.items.map((item) => Math.min(item, 38)) }, {}, 'DUPLICATE_ITEM'],
    ['an id twice', { ...good, ids: good.ids.map((id, i) => (i === 7 ? 'item-3' : id)) }, {}, 'DUPLICATE_ID'],
    ['a negative item', { ...good, items: good.items.map((item) => item - 1) }, {}, 'ITEM_OUT_OF_RANGE'],
    ['too few ids', { ...good, ids: good.ids.slice(1) }, {}, 'LENGTH_MISMATCH'],
    ['codes of another length', { ...good, codes: { levels: 1, data: new Uint16Array(39) } }, {}, 'LENGTH_MISMATCH'],
    [
      'vectors without dimensions',
      { ...good, vectors: { data: new Float32Array(0), rows: 40, dim: 0 } },
      {},
      'DIMENSION',
    ],
    ['an unknown option', good, { engin: 'exact' }, 'UNKNOWN_OPTION'],
    ['an unknown engine', good, { engine: 'faster' }, 'INVALID_OPTION'],
    ['a graph in the exact engine', good, { storage: 'HNSW' }, 'INVALID_OPTION'],
    ['milvus without an address', good, { engine: 'milvus' }, 'INVALID_OPTION'],
    [
      'a codebook of another dimension',
      good,
      {
        codebook: { levels: [{ vectors: { data: new Float32Array(4), rows: 1, dim: 4 }, counts: new Int32Array(1) }] },
      },
      'DIMENSION_MISMATCH',
    ],
  ])('%s', async (_, embeddings, options, code) => {
    expect(await codeOf(build(embeddings, options))).toBe(code)
  })
})

describe('searching refuses', () => {
  it.each([
    ['a k below 0', asked, { k: -1 }, 'INVALID_OPTION'],
    ['a k that is not whole', asked, { k: 1.5 }, 'INVALID_OPTION'],
    ['no probes', asked, { probes: 0 }, 'INVALID_OPTION'],
    ['an unknown merge', asked, { merge: 'maximum' }, 'INVALID_OPTION'],
    ['a misspelt option', asked, { probe: 2 }, 'UNKNOWN_OPTION'],
    ['vectors of another dimension', interestsFrom({ vectors: new Float32Array(8), dim: 4 }), {}, 'DIMENSION_MISMATCH'],
    [
      'vectors that are not finite',
      interestsFrom({ vectors: Float32Array.of(1, Number.NaN, 0), dim: 3 }),
      {},
      'NOT_FINITE',
    ],
    ['interests of another catalogue', { ...asked, itemsKey: '40:other' }, {}, 'ITEMS_MISMATCH'],
    ['a mask that is too short', asked, { filter: new Uint8Array(39) }, 'MASK_LENGTH'],
    ['a filter by negative items', asked, { filter: Int32Array.of(-1) }, 'ITEM_OUT_OF_RANGE'],
    ['exclusions that do not line up', asked, { exclude: [[1]] }, 'LENGTH_MISMATCH'],
    [
      'queries that do not line up',
      asked,
      { exclude: makeQueries({ users: ['a'], history: { offsets: Int32Array.of(0, 0), values: new Int32Array(0) } }) },
      'LENGTH_MISMATCH',
    ],
  ])('%s', async (_, interests, options: object, code) => {
    const index = await build({ ...good, itemsKey: '40:this' })
    expect(await codeOf(index.find(interests, options))).toBe(code)
    await index.close()
  })
})

describe('writing refuses, and changes nothing', () => {
  it.each([
    [
      'another dimension',
      embeddingsFrom({ vectors: new Float32Array(4), dim: 2, codes: new Uint16Array(2) }),
      'DIMENSION_MISMATCH',
    ],
    ['rows without codes', { ...good, codes: undefined }, 'NO_CODES'],
    ['an item under another id', { ...good, ids: good.ids.map((id) => `${id}!`) }, 'ID_MISMATCH'],
    ['an id under another item', { ...good, items: good.items.map((item) => item + 40) }, 'ID_MISMATCH'],
    ['NaN', withVector(0, Number.NaN), 'NOT_FINITE'],
  ])('%s', async (_, embeddings, code) => {
    const index = await build(good)
    const { bytes: _bytes, ...before } = index.stats()
    expect(await codeOf(index.upsert(embeddings))).toBe(code)
    expect(index.stats()).toMatchObject(before)
    await index.close()
  })

  it('any use after it was closed', async () => {
    const index = await build(good)
    await index.close()
    expect(await codeOf(index.find(asked))).toBe('CLOSED')
    expect(await codeOf(index.upsert(good))).toBe('CLOSED')
    expect(await codeOf(index.save(tmpdir()))).toBe('CLOSED')
  })
})

describe('answers to what is odd, but not wrong', () => {
  it('k = 0 gives empty lists, k beyond the catalogue all of it', async () => {
    const index = await build(good)
    expect((await index.find(asked, { k: 0 })).items).toHaveLength(0)
    const all = await index.find(asked, { k: 1000 })
    expect(all.items).toHaveLength(3 * 40)
    expect(all.stats).toMatchObject({ k: 40, clamped: true })
    await index.close()
  })

  it('a code without a shard is routed by its vector', async () => {
    const index = await build(good)
    const found = await index.find({ ...asked, codes: asked.codes?.map(() => 999) }, { k: 5 })
    expect(found.stats.unrouted).toBe(asked.vectors.rows)
    expect(found.items).toHaveLength(15)
    await index.close()
  })

  it('a query without interests gets an empty list', async () => {
    const index = await build(good)
    const none = {
      ...asked,
      users: ['x'],
      offsets: Int32Array.of(0, 0),
      vectors: { ...asked.vectors, rows: 0, data: new Float32Array(0) },
    }
    expect((await index.find({ ...none, codes: undefined, probabilities: undefined })).items).toHaveLength(0)
    await index.close()
  })

  it('removing what is not there removes nothing', async () => {
    const index = await build(good)
    expect(await index.remove([99, -1, 'nobody'])).toBe(0)
    await index.close()
  })
})

describe('a missing engine', () => {
  it('says what to install', async () => {
    const missing = () => Promise.reject(new Error("Cannot find package 'x'"))
    expect(await codeOf(loadFaiss(missing))).toBe('MISSING_FAISS')
    const settings = milvusSchema.parse({ address: '127.0.0.1:1', collection: 'a' })
    expect(await codeOf(connect(settings, missing))).toBe('MISSING_MILVUS')
  })

  it('is a typed error where no server answers', async () => {
    const milvus = { address: '127.0.0.1:1', collection: 'a', timeout: 2000 }
    expect(await codeOf(build(good, { engine: 'milvus', milvus }))).toBe('MILVUS')
  })
})

describe('opening refuses', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sparc-index-'))
    const index = await build(good)
    await index.save(directory)
    await index.close()
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const manifest = async (change: (json: Record<string, Record<string, unknown>>) => void) => {
    const path = join(directory, 'manifest.json')
    const json = JSON.parse(await readFile(path, 'utf8'))
    change(json)
    await writeFile(path, JSON.stringify(json))
  }
  const opened = async () => {
    const index = await CodeShardedIndex.open(directory)
    try {
      await index.find(asked, { scope: 'all' })
    } finally {
      await index.close()
    }
  }
  const file = async (prefix: string) => {
    const name = (await readdir(directory)).find((entry) => entry.startsWith(prefix))
    return join(directory, name ?? '')
  }

  it('a folder that is not there', async () => {
    expect(await codeOf(CodeShardedIndex.open(join(directory, 'no')))).toBe('NO_SUCH_FILE')
  })

  it('a foreign folder, and a newer version', async () => {
    await manifest((json) => Object.assign(json, { format: 'sparc.model' }))
    expect(await codeOf(opened())).toBe('FOREIGN_FORMAT')
    await manifest((json) => Object.assign(json, { format: 'sparc.index', version: 99 }))
    expect(await codeOf(opened())).toBe('NEWER_VERSION')
  })

  it.each(['ids', 'router', 'shard-3'])('a truncated, enlarged or changed file of %s', async (prefix) => {
    const path = await file(prefix)
    const bytes = await readFile(path)
    await truncate(path, bytes.length - 1)
    expect(await codeOf(opened())).toBe('TRUNCATED')
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(8)]))
    expect(await codeOf(opened())).toBe('OVERSIZED')
    bytes[bytes.length - 1] ^= 1
    await writeFile(path, bytes)
    expect(await codeOf(opened())).toBe('CHECKSUM')
    await rm(path)
    expect(await codeOf(opened())).toBe('NO_SUCH_FILE')
  })

  it('a file outside of the folder', async () => {
    await manifest(({ files }) => Object.assign(files['ids.safetensors'] as object, { path: '../../etc/passwd' }))
    expect(await codeOf(opened())).toBe('PATH_ESCAPE')
  })

  it.each([
    ['a shard of another size', (meta: { shards: { rows: number }[] }) => meta.shards[0].rows++],
    ['a shard less', (meta: { shards: object[] }) => meta.shards.pop()],
    ['no dimension', (meta: { dim?: number }) => delete meta.dim],
    ['another dimension', (meta: { dim: number }) => meta.dim++],
    ['an engine that does not exist', (meta: { engine: string }) => Object.assign(meta, { engine: 'magic' })],
  ])('a manifest with %s', async (_, change) => {
    await manifest((json) => Reflect.apply(change, undefined, [json.meta]))
    expect(await codeOf(opened())).toBe('INCONSISTENT')
  })

  it.each([
    ['a spread below 0', 'cell_spreads', -1],
    ['a spread that is no number', 'cell_spreads', Number.NaN],
    ['a mean that is no number', 'cell_centres', Number.NaN],
    ['groups that end before they begin', 'cell_ends', -1],
    ['order up to the middle of a group', 'sorted', 1],
    ['fewer groups', 'cells', 0],
  ])('a router with %s', async (_, name, value) => {
    const path = await file('router')
    const { tensors } = decodeSafetensors(await readFile(path))
    tensors[name].data[0] = value
    const bytes = encodeSafetensors(tensors)
    await writeFile(path, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await manifest(({ files }) => Object.assign(files['router.safetensors'] as object, { bytes: bytes.length, sha256 }))
    expect(await codeOf(opened())).toBe('INCONSISTENT')
  })

  it('nothing for good: a shard that could not be read is read again', async () => {
    const path = await file('shard-3')
    const bytes = await readFile(path)
    const index = await CodeShardedIndex.open(directory)
    await rm(path)
    expect(await codeOf(index.find(asked, { scope: 'all' }))).toBe('NO_SUCH_FILE')
    await writeFile(path, bytes)
    expect((await index.find(asked, { k: 7 })).items).toHaveLength(21)
    await index.close()
  })

  it('to read a shard before it is looked into', async () => {
    for (const entry of await readdir(directory)) if (entry.startsWith('shard-')) await rm(join(directory, entry))
    const index = await CodeShardedIndex.open(directory)
    expect(index.stats()).toMatchObject({ items: 40, bytes: { vectors: 0 } })
    await index.close()
  })
})
