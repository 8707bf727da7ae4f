import { encodeSafetensors, type SafeTensor, saveFolder } from '@sparc/tables'

/** What a saved quantizer's folder says that it is. */
export const FORMAT = { format: 'sparc.codebook', version: 1 }

/** A quantizer as it is written to a folder. */
export interface SavedQuantizer {
  kind: string
  /** Anything that JSON can hold: what the quantizer is created again from. */
  options: Record<string, unknown>
  tensors: Record<string, SafeTensor>
}

/** Writes `manifest.json` and one safetensors file, atomically. */
export async function saveQuantizer(directory: string, saved: SavedQuantizer): Promise<void> {
  await saveFolder(directory, {
    ...FORMAT,
    meta: { kind: saved.kind, options: saved.options },
    files: { 'codebook.safetensors': encodeSafetensors(saved.tensors) },
  })
}
