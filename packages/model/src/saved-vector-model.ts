import {
  decodeSafetensors,
  encodeSafetensors,
  f32,
  InvalidFileError,
  openFolder,
  random,
  type SafeTensor,
  saveFolder,
} from '@sparc/tables'
import { type Guard, guards } from '@sparc/tables/plain'
import { areInterests } from './describe-interests.ts'
import type { EmbeddingTable } from './embedding-table.ts'
import { MODEL_FORMAT } from './model-format.ts'
import { tableOfTensors, tableTensors } from './model-table.ts'
import type { Network } from './network.ts'
import { otherSystem } from './other-system.ts'
import { readJson } from './read-json.ts'
import type { InterestDescription } from './recommender.ts'

/** Names of what networks keep besides their parameters begin with it. */
const STATE = 'state/'
const INTERESTS = 'interests.json'

const isMeta = guards.object({
  system: guards.text,
  options: guards.record,
  items: guards.count,
  itemsKey: guards.text,
})

/** A saved model as plain numbers. */
export interface SavedModel {
  system: string
  options: Record<string, unknown>
  ids: string[]
  itemsKey: string
  table: EmbeddingTable
  /** Interactions per item in training, `[items]`. */
  popularity: Float32Array
  parameters: Record<string, Float32Array>
  /** What the network keeps besides its parameters. */
  state: Record<string, Float32Array>
  /** What each code is about, where items have codes. */
  interests?: InterestDescription[]
}

/** Saves a learned model: `items.json` (ids), `table.safetensors` (item and feature rows), `features.json` (their
 * names), `interests.json` (what each code is about), `embeddings.arrow` (the embeddings
 * table, for those who read Arrow), `dense.safetensors` (all else). */
export async function saveVectorModel(
  directory: string,
  model: {
    system: string
    options: object
    network: Network
    table: EmbeddingTable
    ids: string[]
    itemsKey: string
    popularity: Float32Array
    codes?: Uint16Array
    interests?: InterestDescription[]
    embeddings?: () => Promise<Uint8Array>
  },
): Promise<void> {
  const { system, options, network, table, ids, itemsKey, popularity, codes, interests, embeddings } = model
  const dense: Record<string, SafeTensor> = {}
  for (const { name, variable, value } of network.parameters.list) dense[name] = f32([...variable.shape], value)
  for (const [name, value] of Object.entries(network.state?.() ?? {})) dense[STATE + name] = f32([value.length], value)
  await saveFolder(directory, {
    ...MODEL_FORMAT,
    meta: { system, options, items: ids.length, itemsKey },
    files: {
      'items.json': () => new TextEncoder().encode(JSON.stringify(ids)),
      'dense.safetensors': () => encodeSafetensors(dense),
      'features.json': () => new TextEncoder().encode(JSON.stringify(table.features?.names ?? [])),
      ...(embeddings ? { 'embeddings.arrow': embeddings } : {}),
      ...(interests ? { [INTERESTS]: () => new TextEncoder().encode(JSON.stringify(interests)) } : {}),
      'table.safetensors': () =>
        encodeSafetensors({
          ...tableTensors(table),
          popularity: f32([ids.length], popularity),
          // For those who serve without a quantizer; a loaded model encodes its items itself.
          ...(codes ? { codes: { dtype: 'U16', shape: [ids.length, codes.length / ids.length], data: codes } } : {}),
        }),
    },
  })
}

function damaged(directory: string, given: unknown): InvalidFileError {
  return new InvalidFileError('DAMAGED_MODEL', {
    what: `The saved model in ${directory} is not complete`,
    given,
    next: 'Save the model again.',
  })
}

function floats(directory: string, name: string, tensor: SafeTensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data
  throw damaged(directory, `tensor "${name}" is ${tensor ? tensor.dtype : 'missing'}`)
}

/**
 * Puts a saved model's numbers into the network of its options.
 *
 * @throws InvalidFileError `DAMAGED_MODEL` where some are missing, `NO_SUCH_PARAMETER`, `WRONG_SHAPE`
 */
export function restoreNetwork(network: Network, directory: string, { parameters, state }: SavedModel): void {
  const wanted = [
    ...network.parameters.list.filter(({ name }) => !parameters[name]).map(({ name }) => name),
    ...Object.keys(network.state?.() ?? {})
      .filter((name) => !state[name])
      .map((name) => STATE + name),
  ]
  if (wanted.length > 0) throw damaged(directory, `without ${wanted.join(', ')}`)
  network.parameters.restore(parameters)
  network.restore?.(state)
}

/**
 * Reads what `saveVectorModel` wrote.
 *
 * @throws InvalidFileError `OTHER_SYSTEM`, `DAMAGED_MODEL`, and what `openFolder` throws
 */
export async function openVectorModel(directory: string, system: string): Promise<SavedModel> {
  const folder = await openFolder(directory, MODEL_FORMAT)
  const { meta } = folder
  if (!isMeta(meta) || meta.system !== system) throw otherSystem(directory, folder.meta.system, system)
  const json = async <T>(name: string, guard: Guard<T>): Promise<T> => {
    const parsed = await readJson(folder, name, guard)
    if (parsed !== undefined) return parsed
    throw damaged(directory, name)
  }
  const texts = guards.arrayOf(guards.text)
  const ids = await json('items.json', texts)
  const { tensors } = decodeSafetensors(await folder.read('dense.safetensors'))
  const rows = decodeSafetensors(await folder.read('table.safetensors')).tensors
  const table = tableOfTensors(rows, await json('features.json', texts), random(0))
  if (!table || table.rows !== ids.length) throw damaged(directory, 'table.safetensors')
  const parameters: Record<string, Float32Array> = {}
  const state: Record<string, Float32Array> = {}
  for (const [name, tensor] of Object.entries(tensors)) {
    const data = floats(directory, name, tensor)
    if (name.startsWith(STATE)) state[name.slice(STATE.length)] = data
    else parameters[name] = data
  }
  return {
    ...meta,
    ids,
    table,
    popularity: floats(directory, 'popularity', rows.popularity),
    parameters,
    state,
    interests: folder.names.includes(INTERESTS) ? await json(INTERESTS, areInterests) : undefined,
  }
}
