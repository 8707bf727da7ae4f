import {
  checkItemsKey,
  checkRange,
  encodeTable,
  type Interests,
  makeCodebook,
  makeEmbeddings,
  readQueries,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { describeInterests } from './describe-interests.ts'
import type { EmbeddingTable } from './embedding-table.ts'
import type { ItemVectors, Network } from './network.ts'
import type { CommonOptions } from './options.ts'
import type { InterestDescription } from './recommender.ts'
import { saveVectorModel } from './saved-vector-model.ts'

/** What was learned. */
export interface FittedState {
  network: Network
  table: EmbeddingTable
  ids: string[]
  itemsKey: string
  /** Interactions per item in training, `[items]`. */
  popularity: Float32Array
  /** Category path of each item, where the items table has them; a loaded model has what was made of them. */
  categories?: string[][]
  /** What each code is about, as a loaded model has it. */
  interests?: InterestDescription[]
}

/** What was learned, and what can be asked of it. */
export interface FittedModel extends FittedState {
  /** Vectors of the whole catalogue, `[items, dim]`. */
  vectors(): Promise<ItemVectors>
  /** Codes of the whole catalogue, `[items * levels]`; nothing where the system has none, or its codebook has not begun. */
  codes(): Promise<Uint16Array | undefined>
  /** Interests of the users of a `queries` table, at most `wanted` each. */
  embed(queries: Table, wanted?: number): Promise<Interests>
  embeddings(): Promise<Table>
  codebook(): Promise<Table>
  describe(): Promise<InterestDescription[]>
  save(directory: string): Promise<void>
  /** Whether training changes it at the moment: then nothing that was made of it is kept. */
  training: boolean
}

/** Vectors of the catalogue and descriptions of interests are made when they are first asked for, and kept. */
export function fittedModel(system: string, options: CommonOptions, state: FittedState): FittedModel {
  const { network, table, ids, itemsKey, popularity, categories } = state
  let training = false
  let kept: { vectors?: ItemVectors; interests?: InterestDescription[] } = { interests: state.interests }
  const vectors = async (): Promise<ItemVectors> => {
    const { encodeItems } = await import('./encode.ts')
    const found = kept.vectors ?? encodeItems(network, table)
    if (!training) kept.vectors = found
    return found
  }
  /** What makes codes of vectors; nothing where the codebook has not begun, as in a run that was stopped before. */
  const coder = () => ((network.settled?.() ?? true) ? network.codes : undefined)
  const codes = async () => coder()?.of(await vectors())
  const embeddings = async (): Promise<Table> => {
    const found = await vectors()
    const codes = coder()
    return makeEmbeddings({
      items: Int32Array.from({ length: ids.length }, (_, i) => i),
      ids,
      vectors: found,
      codes: codes && { levels: codes.levels, data: codes.of(found) },
      score: network.score,
      itemsKey,
    })
  }
  const described = async (): Promise<InterestDescription[] | undefined> => {
    const first = network.codewords?.()[0]
    const data = await codes()
    if (kept.interests || !first || !data) return kept.interests
    const about = { ids, vectors: await vectors(), codes: data, levels: network.codes?.levels ?? 1 }
    const found = describeInterests({ ...about, codewords: first.data, categories })
    if (!training) kept.interests = found
    return found
  }
  return {
    ...state,
    vectors,
    codes,
    embeddings,
    async embed(queries, wanted) {
      const { users, history, itemsKey: given } = readQueries(queries)
      checkItemsKey(itemsKey, given, 'the queries table')
      checkRange(history.values, table.rows, 'The history of the queries table')
      const { asInterests, encodeUsers } = await import('./encode.ts')
      const encoded = encodeUsers(network, table, history, options.history, wanted)
      return asInterests(encoded, users, history, network, itemsKey)
    },
    async codebook() {
      const data = await codes()
      const levels = (data && network.codewords?.()) ?? []
      const counts = levels.map(({ rows }) => new Int32Array(rows))
      for (let at = 0; data && at < data.length; at++) counts[at % levels.length][data[at]]++
      return makeCodebook({ levels: levels.map((vectors, l) => ({ vectors, counts: counts[l] })) })
    },
    describe: async () => (await described()) ?? [],
    async save(directory) {
      const [interests, data] = [await described(), await codes()]
      const about = { system, options, network, table, ids, itemsKey, popularity, codes: data, interests }
      await saveVectorModel(directory, { ...about, embeddings: async () => encodeTable(await embeddings()) })
    },
    get training() {
      return training
    },
    set training(now) {
      training = now
      kept = {}
    },
  }
}
