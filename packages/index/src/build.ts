import { type Embeddings, parseOptions } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { checkEmbeddings } from './check-embeddings.ts'
import { type Core, codesOf, codewordOf, levelOneCodewords } from './core.ts'
import { openEngine } from './engines.ts'
import { idMap } from './id-map.ts'
import { type BuildOptions, buildSchema } from './options.ts'
import { defaultCodes, trainCodes } from './train-codes.ts'
import { emptyState, withUpserted } from './writer.ts'

/** Builds what an index is made of. */
export async function buildCore(source: Table | Embeddings, given: BuildOptions = {}): Promise<Core> {
  const options = parseOptions(buildSchema, given, 'options of CodeShardedIndex.build')
  const embeddings = checkEmbeddings(source)
  const { dim, data, rows } = embeddings.vectors
  const { seed, compactAt } = options
  const trained = options.codes !== undefined || (!embeddings.codes && rows > 0)
  const codewords = trained
    ? trainedCodewords(data, dim, Math.min(options.codes ?? defaultCodes(rows), Math.max(1, rows)), seed)
    : levelOneCodewords(options.codebook, dim)
  const codes = codesOf({ codewords, trained }, embeddings)
  const engine = await openEngine(options, dim, { sample: data })
  const ids = idMap()
  ids.reserve(embeddings.ids)
  const codeword = codewords && codewordOf(codewords)
  const state =
    rows === 0 ? emptyState(dim) : await withUpserted(emptyState(dim), engine, ids, embeddings, codes, codeword)
  return { engine, ids, state, codewords, trained, seed, compactAt, itemsKey: embeddings.itemsKey }
}

function trainedCodewords(data: Float32Array, dim: number, codes: number, seed: number) {
  return { data: trainCodes(data, dim, codes, seed).centroids, rows: codes, dim }
}
