import { decodeSafetensors, type Guard, guards, openFolder, type SafeTensor } from '@sparc/tables/plain'
import { addFeatureRows } from '../add-feature-rows.ts'
import { areInterests } from '../describe-interests.ts'
import { MODEL_FORMAT } from '../model-format.ts'
import { readJson } from '../read-json.ts'
import type { InterestDescription } from '../recommender.ts'
import { encoderOf } from './encoders.ts'
import { createProducts } from './products.ts'
import { damagedModel, type SavedNetwork, type ServedOptions, servedOptions, type UserEncoder } from './user-encoder.ts'
import { normalizeAt } from './vectors.ts'

/** A saved model as serving needs it. */
export interface ServedModel {
  system: string
  options: ServedOptions
  ids: string[]
  /** Item vectors as they are scored, `[items * dim]`, and how long each was before: 1 where they are not normalised. */
  items: Float32Array
  norms: Float32Array | undefined
  /** `[items * levels]` */
  codes: Uint16Array
  levels: number
  /** Interactions per item in training. */
  popularity: Float32Array
  encode: UserEncoder
  interests: InterestDescription[]
}

const isMeta = guards.object({ system: guards.text, options: guards.record })

type Tensors = Record<string, SafeTensor>

function floats(tensors: Tensors, name: string): Float32Array {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined
  if (tensor?.data instanceof Float32Array) return tensor.data
  throw damagedModel(`tensor "${name}" is ${tensor ? tensor.dtype : 'missing'}`)
}

/** Adds to the rows of items what their features say of them. */
function addFeatures(tensors: Tensors, rows: Float32Array, dim: number): void {
  const features = floats(tensors, 'features')
  const weights = floats(tensors, 'featureWeights')
  const { featureOffsets, featureRows } = tensors
  const offsets = featureOffsets?.data
  const values = featureRows?.data
  if (!(offsets instanceof Int32Array) || !(values instanceof Int32Array)) throw damagedModel('no rows of features')
  const bags = { offsets, values }
  for (let item = 0; item < rows.length / dim; item++) {
    addFeatureRows({ bags, weights }, item, features, dim, rows, item * dim)
  }
}

function savedNetwork(options: ServedOptions, weights: SavedNetwork['weights']): SavedNetwork {
  const products = createProducts()
  return {
    options,
    weights,
    products,
    linear(weight, outputs, { bias, rows } = {}) {
      const data = weights(weight)
      const inputs = data.length / outputs
      return products({ inputs, outputs, rows, weights: data, bias: bias === undefined ? undefined : weights(bias) })
    },
  }
}

/**
 * Reads a saved model's folder. Item vectors are kept once: normalised in place, with their lengths beside them.
 *
 * @throws InvalidFileError `NOT_SERVED`, `DAMAGED_MODEL`, and what `openFolder` throws
 */
export async function openServedModel(directory: string): Promise<ServedModel> {
  const folder = await openFolder(directory, MODEL_FORMAT)
  if (!isMeta(folder.meta)) throw damagedModel('a manifest without system and options')
  const { system } = folder.meta
  const encoder = encoderOf(system)
  const options = servedOptions(folder.meta.options)
  const json = async <T>(name: string, guard: Guard<T>): Promise<T> => {
    const parsed = await readJson(folder, name, guard)
    if (parsed !== undefined) return parsed
    throw damagedModel(name)
  }
  let dense = decodeSafetensors(await folder.read('dense.safetensors')).tensors
  const encode = encoder(savedNetwork(options, (name) => floats(dense, name)))
  // The encoder has what it needs: most of it lies in WebAssembly's memory by now.
  dense = {}
  const { tensors } = decodeSafetensors(await folder.read('table.safetensors'))
  const ids = await json('items.json', guards.arrayOf(guards.text))
  const items = floats(tensors, 'items')
  const { dim, normalize } = options
  if (items.length !== ids.length * dim) throw damagedModel(`${items.length} numbers for ${ids.length} items`)
  if (tensors.features) addFeatures(tensors, items, dim)
  const norms = normalize ? Float32Array.from(ids, (_, row) => normalizeAt(items, row * dim, dim)) : undefined
  const codes = tensors.codes?.data instanceof Uint16Array ? tensors.codes.data : new Uint16Array(0)
  return {
    system,
    options,
    ids,
    items,
    norms,
    codes,
    levels: codes.length / Math.max(1, ids.length),
    popularity: floats(tensors, 'popularity'),
    encode,
    interests: folder.names.includes('interests.json') ? await json('interests.json', areInterests) : [],
  }
}
