import {
  decodeSafetensors,
  encodeSafetensors,
  f32,
  InvalidFileError,
  i32,
  type OpenFolder,
  openFolder,
  parseOptions,
  type SafeTensor,
  saveFolder,
} from '@sparc/tables'
import { z } from 'zod'
import type { Cells } from './cells.ts'
import { liveRows, readRows } from './compact.ts'
import type { Core } from './core.ts'
import type { Engine, EngineShard } from './engine.ts'
import { openEngine } from './engines.ts'
import { type IdMap, idMap } from './id-map.ts'
import { lazyShard } from './lazy-shard.ts'
import { milvusSchema } from './milvus/settings.ts'
import { type OpenOptions, openSchema } from './options.ts'
import { routing } from './routing.ts'
import { living, type Shard, type State } from './state.ts'

const FORMAT = { format: 'sparc.index', version: 2 }

const metaSchema = z.object({
  engine: z.enum(['exact', 'faiss', 'milvus']),
  storage: z.enum(['Flat', 'SQ8', 'HNSW']),
  dim: z.int().nonnegative().max(16384),
  epoch: z.int().nonnegative(),
  seed: z.int(),
  compactAt: z.number(),
  longest: z.number(),
  trained: z.boolean(),
  itemsKey: z.string().optional(),
  shards: z.array(
    z.object({ code: z.int().min(0).max(65535), rows: z.int().nonnegative(), store: z.int().nonnegative().optional() }),
  ),
  remote: z.object({ address: z.string(), collection: z.string() }).optional(),
})

const shardFile = (code: number) => `shard-${code}.safetensors`

/** Saves an index as a folder: a kill at any moment leaves the state before or this one. */
export async function saveCore(core: Core, directory: string): Promise<void> {
  const { engine, state, ids, codewords, trained, seed, compactAt, itemsKey } = core
  const shards = state.shards.filter((shard) => living(shard) > 0)
  const files: Record<string, Uint8Array | (() => Promise<Uint8Array>)> = {
    'ids.safetensors': encodeIds(ids, shards),
    'router.safetensors': encodeRouter(core, shards),
  }
  const remote = engine.remote?.()
  // Rows on another machine stay there: the folder says where.
  if (!remote) for (const shard of shards) files[shardFile(shard.code)] = () => encodeShard(shard, state.dim)
  const meta = {
    engine: engine.name,
    storage: engine.storage,
    dim: state.dim,
    epoch: state.epoch,
    seed,
    compactAt,
    longest: engine.longest(),
    trained: trained && codewords !== undefined,
    ...(itemsKey === undefined ? {} : { itemsKey }),
    ...(remote ? { remote } : {}),
    shards: shards.map((shard) => {
      const { code, store } = shard
      return { code, rows: living(shard), ...(store.store ? { store: store.store() } : {}) }
    }),
  }
  await saveFolder(directory, { ...FORMAT, meta, files })
}

/** Items of the live rows of a shard, in the order in which they are saved. */
function liveItems(shard: Shard): Int32Array {
  return liveRows(shard).map((row) => shard.items[row])
}

function encodeIds(ids: IdMap, shards: readonly Shard[]): Uint8Array {
  const { items, offsets, text } = ids.all()
  const placed = new Int32Array(shards.reduce((sum, shard) => sum + living(shard), 0))
  let at = 0
  for (const shard of shards) {
    placed.set(liveItems(shard), at)
    at += living(shard)
  }
  return encodeSafetensors({
    items: i32([items.length], items),
    offsets: { dtype: 'U32', shape: [offsets.length], data: offsets },
    text: { dtype: 'U8', shape: [text.length], data: text },
    placed: i32([placed.length], placed),
  })
}

/** The cells of a shard whose dead rows are left out. */
function liveCells({ dead, length }: Shard, cells: Cells): Cells {
  const before = new Int32Array(length + 1)
  for (let row = 0; row < length; row++) before[row + 1] = before[row] + (dead?.[row] === 1 ? 0 : 1)
  return { ...cells, ends: cells.ends.map((end) => before[end]), sorted: before[cells.sorted] }
}

function encodeRouter({ engine, state, codewords }: Core, shards: readonly Shard[]): Uint8Array {
  const { dim } = state
  const rowsOf = (of: Float32Array) => {
    const rows = new Float32Array(shards.length * dim)
    for (const [i, { ordinal }] of shards.entries()) rows.set(of.subarray(ordinal * dim, (ordinal + 1) * dim), i * dim)
    return f32([shards.length, dim], rows)
  }
  const cells = shards.map((shard) => liveCells(shard, state.cells[shard.ordinal]))
  const all = <T>(part: (of: Cells) => Iterable<T>) => cells.flatMap((of) => [...part(of)])
  const spreads = Float64Array.from(all((of) => of.spreads))
  const total = spreads.length
  const means = new Float32Array(total * dim)
  let at = 0
  for (const { centres } of cells) {
    means.set(centres, at)
    at += centres.length
  }
  const tensors: Record<string, SafeTensor> = {
    centroids: rowsOf(state.centroids),
    spreads: rowsOf(state.spreads),
    cells: i32(
      [shards.length],
      Int32Array.from(cells, ({ ends }) => ends.length),
    ),
    sorted: i32(
      [shards.length],
      Int32Array.from(cells, ({ sorted }) => sorted),
    ),
    cell_ends: i32([total], Int32Array.from(all((of) => of.ends))),
    cell_spreads: { dtype: 'F64', shape: [total], data: spreads },
    cell_centres: f32([total, dim], means),
  }
  if (codewords) tensors.codewords = f32([codewords.rows, codewords.dim], codewords.data)
  const quantizer = engine.quantizer?.()
  if (quantizer) {
    tensors.least = f32([dim], quantizer.least)
    tensors.step = f32([dim], quantizer.step)
  }
  return encodeSafetensors(tensors)
}

async function encodeShard(shard: Shard, dim: number): Promise<Uint8Array> {
  const rows = liveRows(shard)
  const items = liveItems(shard)
  const vectors = await readRows(shard, rows, dim)
  return encodeSafetensors({ items: i32([rows.length], items), vectors: f32([rows.length, dim], vectors) })
}

function inconsistent(what: string, given: unknown): InvalidFileError {
  return new InvalidFileError('INCONSISTENT', {
    what: `The saved index contradicts itself: ${what}`,
    given,
    next: 'It was not written by save; build and save it again.',
  })
}

/** The array of a tensor, checked. */
function array<T extends Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array>(
  file: string,
  tensors: Record<string, SafeTensor>,
  name: string,
  type: new () => T,
  length?: number,
): T {
  const data = Object.hasOwn(tensors, name) ? tensors[name].data : undefined
  if (!(data instanceof type)) throw inconsistent(`${file} has no ${name}`, Object.keys(tensors))
  if (length !== undefined && data.length !== length) {
    throw inconsistent(`${name} of ${file} has the wrong length`, `${data.length}, ${length} expected`)
  }
  return data
}

/** Opens a saved index. Shards are read when they are first looked into. */
export async function openCore(directory: string, given: OpenOptions = {}): Promise<Core> {
  const options = parseOptions(openSchema, given, 'options of CodeShardedIndex.open')
  const folder = await openFolder(directory, FORMAT)
  const parsed = metaSchema.safeParse(folder.meta)
  if (!parsed.success) throw inconsistent('its manifest is incomplete', parsed.error.issues[0].path.join('.'))
  const meta = parsed.data
  const { dim, seed, compactAt, itemsKey, longest } = meta
  const router = decodeSafetensors(await folder.read('router.safetensors')).tensors
  const centroids = array('router.safetensors', router, 'centroids', Float32Array, meta.shards.length * dim)
  const spreads = array('router.safetensors', router, 'spreads', Float32Array, meta.shards.length * dim)
  const cells = decodeCells(router, meta.shards, dim)
  const quantizer =
    'least' in router
      ? {
          least: array('router.safetensors', router, 'least', Float32Array, dim),
          step: array('router.safetensors', router, 'step', Float32Array, dim),
        }
      : undefined
  const words = 'codewords' in router ? array('router.safetensors', router, 'codewords', Float32Array) : undefined
  const codewords = words && dim > 0 ? { data: words, rows: words.length / dim, dim } : undefined
  if (codewords && !Number.isInteger(codewords.rows)) throw inconsistent('its codewords are cut', words?.length)
  const { engine: name, storage } = meta
  const milvus = meta.remote && parseOptions(milvusSchema, { ...meta.remote, ...options.milvus }, 'options of milvus')
  const stores = meta.shards.map(({ code, rows, store = -1 }) => ({ code, rows, store }))
  if (meta.remote && stores.some(({ store }) => store < 0)) throw inconsistent('a shard has no store', meta.shards)
  const engine = await openEngine({ engine: name, storage, milvus }, dim, { quantizer, longest, saved: { stores } })
  const size = meta.shards.reduce((sum, shard) => sum + shard.rows, 0)
  const { ids, placed } = await decodeIds(folder, size)
  const shards: Shard[] = []
  let at = 0
  for (const [ordinal, { code, rows, store: number }] of meta.shards.entries()) {
    const items = placed.subarray(at, at + rows)
    for (let row = 0; row < rows; row++) {
      if (ids.shard(items[row]) >= 0 || ids.id(items[row]) === undefined) {
        throw inconsistent('an item is in two shards, or has no id', items[row])
      }
      ids.place(items[row], ordinal, row)
    }
    const store = meta.remote
      ? engine.shard(code, number)
      : lazyShard(rows, () => loadShard(folder, engine, code, items, dim))
    shards.push({ ordinal, code, store, items, length: rows, deadCount: 0 })
    at += rows
  }
  const ordinals = new Map(shards.map((shard) => [shard.code, shard.ordinal]))
  if (ordinals.size < shards.length) throw inconsistent('a code has two shards', meta.shards)
  const { epoch } = meta
  const state: State = { epoch, dim, shards, ordinals, centroids, spreads, cells, routing: routing(dim), size }
  return { engine, ids, state, codewords, trained: meta.trained, seed, compactAt, itemsKey }
}

function decodeCells(router: Record<string, SafeTensor>, shards: readonly { rows: number }[], dim: number): Cells[] {
  const file = 'router.safetensors'
  const counts = array(file, router, 'cells', Int32Array, shards.length)
  const sorted = array(file, router, 'sorted', Int32Array, shards.length)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const ends = array(file, router, 'cell_ends', Int32Array, total)
  const spreads = array(file, router, 'cell_spreads', Float64Array, total)
  const centres = array(file, router, 'cell_centres', Float32Array, total * dim)
  if (!spreads.every((spread) => spread >= 0 && spread < Number.POSITIVE_INFINITY) || !centres.every(Number.isFinite)) {
    throw inconsistent('the cells have means or spreads that no rows have', 'values that are negative or not finite')
  }
  let to = 0
  return Array.from(shards, ({ rows }, s) => {
    const from = to
    to += counts[s]
    const own = ends.subarray(from, to)
    const whole = own.every((end, i) => end >= (i > 0 ? own[i - 1] : 0)) && own[own.length - 1] === rows
    if (counts[s] < 1 || !whole || !(sorted[s] === 0 || own.includes(sorted[s]))) {
      throw inconsistent('the cells of a shard are not its rows', `${own.length} cells, ${rows} rows`)
    }
    return {
      centres: centres.subarray(from * dim, to * dim),
      spreads: spreads.subarray(from, to),
      ends: own,
      sorted: sorted[s],
    }
  })
}

async function decodeIds(folder: OpenFolder, size: number): Promise<{ ids: IdMap; placed: Int32Array }> {
  const file = 'ids.safetensors'
  const { tensors } = decodeSafetensors(await folder.read(file))
  const items = array(file, tensors, 'items', Int32Array)
  const offsets = array(file, tensors, 'offsets', Uint32Array, items.length + 1)
  const text = array(file, tensors, 'text', Uint8Array, offsets[items.length])
  const placed = array(file, tensors, 'placed', Int32Array, size)
  for (let i = 0; i < items.length; i++) {
    if (items[i] < 0 || offsets[i] > offsets[i + 1]) throw inconsistent('its ids are out of order', i)
  }
  const ids = idMap()
  ids.restore(items, offsets, text)
  return { ids, placed }
}

async function loadShard(
  folder: OpenFolder,
  engine: Engine,
  code: number,
  items: Int32Array,
  dim: number,
): Promise<EngineShard> {
  const name = shardFile(code)
  const { tensors } = decodeSafetensors(await folder.read(name))
  const vectors = array(name, tensors, 'vectors', Float32Array, items.length * dim)
  const saved = array(name, tensors, 'items', Int32Array, items.length)
  for (let row = 0; row < items.length; row++) {
    if (saved[row] !== items[row]) throw inconsistent(`the items of ${name} are not those of ids.safetensors`, row)
  }
  const store = engine.shard(code)
  await store.append(vectors, items)
  return store
}
