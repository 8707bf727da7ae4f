/** What needs no Arrow, for those who serve: loading this costs half the memory of loading it all. */
export { InvalidFileError, InvalidInputError } from './errors.ts'
export { openFolder } from './folder.ts'
export { type Guard, type Guarded, guards, unlike } from './guards.ts'
export { parseOptions } from './options.ts'
export type { SafeTensor } from './safetensors.ts'
export { decodeSafetensors } from './safetensors.ts'
export { topK, topKHeap } from './top-k.ts'
