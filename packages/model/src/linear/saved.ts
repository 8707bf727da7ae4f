import {
  decodeSafetensors,
  encodeSafetensors,
  InvalidFileError,
  openFolder,
  type SafeTensor,
  saveFolder,
} from '@sparc/tables'
import { z } from 'zod'
import { otherSystem } from '../other-system.ts'

const FORMAT = { format: 'sparc.model', version: 1 }
const metaSchema = z.object({
  system: z.string(),
  options: z.unknown(),
  items: z.int().nonnegative(),
  itemsKey: z.string(),
})

/** Saves a classic model: its options and catalogue as JSON, its arrays as safetensors, atomically. */
export async function saveClassic(
  directory: string,
  meta: { system: string; options: object; items: number; itemsKey: string },
  tensors: Record<string, SafeTensor>,
): Promise<void> {
  await saveFolder(directory, { ...FORMAT, meta, files: { 'weights.safetensors': encodeSafetensors(tensors) } })
}

/** Reads what `saveClassic` wrote. @throws InvalidFileError for a damaged folder, or one of another system */
export async function openClassic(directory: string, system: string) {
  const folder = await openFolder(directory, FORMAT)
  const meta = metaSchema.safeParse(folder.meta)
  if (!meta.success || meta.data.system !== system) {
    throw otherSystem(directory, folder.meta.system, system)
  }
  const { tensors } = decodeSafetensors(await folder.read('weights.safetensors'))
  /** The array of a tensor, checked to be of the type that was saved. */
  const data = <T>(name: string, Type: new (length: number) => T): T => {
    const found: unknown = tensors[name]?.data
    if (found instanceof Type) return found
    throw new InvalidFileError('MISSING_TENSOR', {
      what: `The saved ${system} has no tensor "${name}" of the right type`,
      given: Object.keys(tensors).join(', '),
      next: 'Save the model again.',
    })
  }
  return { ...meta.data, data }
}
