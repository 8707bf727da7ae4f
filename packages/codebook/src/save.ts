import { encodeSafetensors, f32, saveFolder } from '@sparc/tables'

export const FORMAT = { format: 'sparc.codebook', version: 1 }

/** A quantizer as it is written to a folder. */
export interface SavedQuantizer {
  kind: string
  /** Anything that JSON can hold: what the quantizer is created again from. */
  options: Record<string, unknown>
  /** Arrays by name; those in `shapes` keep their shape, the others are flat. */
  arrays: Record<string, Float32Array>
  shapes: Record<string, number[]>
}

/** Writes `manifest.json` and one safetensors file, atomically. */
export async function saveQuantizer(directory: string, saved: SavedQuantizer): Promise<void> {
  const tensors = Object.fromEntries(
    Object.entries(saved.arrays).map(([name, data]) => [name, f32(saved.shapes[name] ?? [data.length], data)]),
  )
  await saveFolder(directory, {
    ...FORMAT,
    meta: { kind: saved.kind, options: saved.options },
    files: { 'codebook.safetensors': encodeSafetensors(tensors) },
  })
}
