export { checkCsr, checkFinite, checkLength, checkRange } from './checks.ts'
export type { ErrorParts } from './errors.ts'
export {
  CancelledError,
  InvalidFileError,
  InvalidInputError,
  MissingPeerError,
  SparcError,
  TrainingError,
} from './errors.ts'
export { readFileChecked, writeFileAtomic } from './files.ts'
export type { FolderContent, FolderFormat, OpenFolder } from './folder.ts'
export { checkSameFormat, openFolder, saveFolder } from './folder.ts'
export type { Cases, Interactions, Queries, Sequences } from './interactions.ts'
export {
  makeCases,
  makeInteractions,
  makeQueries,
  makeSequences,
  queriesOf,
  readCases,
  readInteractions,
  readQueries,
  readSequences,
} from './interactions.ts'
export type { Items } from './items.ts'
export { makeItems, readItems } from './items.ts'
export { checkItemsKey, itemsKey } from './items-key.ts'
export { parseOptions, suggest } from './options.ts'
export type { Random } from './random.ts'
export { mix32, random, tieHash } from './random.ts'
export type { SafeTensor, SafetensorsType } from './safetensors.ts'
export { decodeSafetensors, encodeSafetensors, f32, i32 } from './safetensors.ts'
export { encodeTable, readTable, writeTable } from './table-files.ts'
export type { TopK, TopKOptions } from './top-k.ts'
export { topK, topKHeap } from './top-k.ts'
export { makeCodesColumn, makeVectorColumn, readCodesColumn, readVectorColumn } from './vector-columns.ts'
export type { Codebook, Embeddings, InterestMerge, Interests, Recommendations } from './vectors.ts'
export {
  makeCodebook,
  makeEmbeddings,
  makeInterests,
  makeRecommendations,
  readCodebook,
  readEmbeddings,
  readInterests,
  readRecommendations,
} from './vectors.ts'
export type { Csr, ItemFilter, Matrix, Score } from './views.ts'
export { csr, row, toMask } from './views.ts'
