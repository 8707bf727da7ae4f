import {
  decodeSafetensors,
  encodeSafetensors,
  f32,
  InvalidFileError,
  openFolder,
  type SafeTensor,
  saveFolder,
} from '@sparc/tables'
import { guards } from '@sparc/tables/plain'
import { z } from 'zod'
import { MODEL_FORMAT } from '../model-format.ts'
import { otherSystem } from '../other-system.ts'
import { readJson } from '../read-json.ts'
import type { Catalogue } from './classic.ts'

const metaSchema = z.object({
  system: z.string(),
  options: z.unknown(),
  items: z.int().nonnegative(),
  itemsKey: z.string(),
})

/**
 * Saves a classic model, atomically: its options as JSON, `items.json` (ids), `weights.safetensors` (its arrays and the popularity of
 * items), and where it has vectors `embeddings.arrow`, for those who read Arrow.
 */
export async function saveClassic(
  directory: string,
  { system, options }: { system: string; options: object },
  { ids, itemsKey, popularity }: Catalogue,
  tensors: Record<string, SafeTensor>,
  embeddings?: () => Promise<Uint8Array>,
): Promise<void> {
  await saveFolder(directory, {
    ...MODEL_FORMAT,
    meta: { system, options, items: ids.length, itemsKey },
    files: {
      'items.json': () => new TextEncoder().encode(JSON.stringify(ids)),
      ...(embeddings ? { 'embeddings.arrow': embeddings } : {}),
      'weights.safetensors': () => encodeSafetensors({ ...tensors, popularity: f32([ids.length], popularity) }),
    },
  })
}

/** Reads what `saveClassic` wrote. @throws InvalidFileError for a damaged folder, or one of another system */
export async function openClassic(
  directory: string,
  system: string,
): Promise<{
  options: unknown
  catalogue: Catalogue
  /** The array of a tensor, checked to be of the type that was saved. */
  data<T>(name: string, Type: new (length: number) => T): T
}> {
  const folder = await openFolder(directory, MODEL_FORMAT)
  const meta = metaSchema.safeParse(folder.meta)
  if (!meta.success || meta.data.system !== system) {
    throw otherSystem(directory, folder.meta.system, system)
  }
  const { tensors } = decodeSafetensors(await folder.read('weights.safetensors'))
  const data = <T>(name: string, Type: new (length: number) => T): T => {
    const found: unknown = tensors[name]?.data
    if (found instanceof Type) return found
    throw new InvalidFileError('MISSING_TENSOR', {
      what: `The saved ${system} has no tensor "${name}" of the right type`,
      given: Object.keys(tensors).join(', '),
      next: 'Save the model again.',
    })
  }
  const { options, items, itemsKey } = meta.data
  const ids = await readJson(folder, 'items.json', guards.arrayOf(guards.text))
  const popularity = data('popularity', Float32Array)
  if (ids?.length !== items || popularity.length !== items) {
    throw new InvalidFileError('WRONG_SHAPE', {
      what: `The saved ${system} has not one id and one count for each item`,
      given: `${ids?.length ?? 'no'} ids, ${popularity.length} counts`,
      allowed: `${items} of each`,
      next: 'Save the model again.',
    })
  }
  return { options, catalogue: { ids, itemsKey, popularity }, data }
}
