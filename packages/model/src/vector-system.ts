import {
  checkItemsKey,
  checkRange,
  encodeTable,
  InvalidInputError,
  type Items,
  makeCodebook,
  makeEmbeddings,
  makeInterests,
  parseOptions,
  type Random,
  random,
  readCases,
  readItems,
  readQueries,
  readSequences,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { z } from 'zod'
import { describeInterests, interestOf } from './describe-interests.ts'
import type { EmbeddingTable } from './embedding-table.ts'
import { checkEmbedUsersOptions, checkFitOptions } from './fit-options.ts'
import type { ItemVectors, Network } from './network.ts'
import type { CommonOptions } from './options.ts'
import { pause } from './pause.ts'
import type {
  CodedRecommender,
  EmbedUsersOptions,
  FitData,
  FitOptions,
  FitReport,
  InterestDescription,
  VectorRecommender,
  VectorRecommendOptions,
} from './recommender.ts'
import { openVectorModel, restoreNetwork, saveVectorModel } from './saved-vector-model.ts'
import { countItems } from './training/sampler.ts'
import type { Training } from './training/train.ts'

/** What makes a learned system: its name, its options, and its network. The rest is the same for all. */
export interface SystemDefinition<Options extends CommonOptions> {
  name: string
  schema: z.ZodType<Options>
  /** Makes the network, TensorFlow being ready. `random` draws its initial values. */
  network(options: Options, random: Random): Promise<Network>
}

/** A fitted model: what `recommend`, `embedItems` and `embedUsers` work with. */
export interface FittedModel {
  network: Network
  table: EmbeddingTable
  ids: string[]
  itemsKey: string
  /** Interactions per item in training, `[items]`. */
  popularity: Float32Array
  /** Category path of each item, where the items table has them; a loaded model has what was made of them. */
  categories?: string[][]
  interests?: InterestDescription[]
  backend: string
}

/** Makes the function that creates a system whose items have codes, and the one that loads it. */
export function defineCodedSystem<Options extends CommonOptions>(definition: SystemDefinition<Options>) {
  const { name, schema } = definition
  return {
    create(options?: z.input<typeof schema>): CodedRecommender {
      const parsed = parseOptions(schema, options, `options of ${name}`) as Options
      checkMeaning(name, parsed)
      return recommender(definition, parsed)
    },
    async load(directory: string): Promise<CodedRecommender> {
      const saved = await openVectorModel(directory, name)
      const options = parseOptions(schema, saved.options, `saved options of ${name}`) as Options
      const { loadTensorflow } = await import('./tensorflow.ts')
      const { backend } = await loadTensorflow()
      const network = await definition.network(options, random(0))
      try {
        restoreNetwork(network, directory, saved)
      } catch (error) {
        network.dispose()
        throw error
      }
      const { ids, itemsKey, table, popularity, interests } = saved
      return recommender(definition, options, { network, table, ids, itemsKey, popularity, interests, backend })
    },
  }
}

/** The same for a system whose items have no codes. */
export function defineVectorSystem<Options extends CommonOptions>(definition: SystemDefinition<Options>) {
  const { create, load } = defineCodedSystem(definition)
  const withoutCodes = ({ codebook: _, describeInterest: __, ...model }: CodedRecommender): VectorRecommender => model
  return {
    create: (options?: Parameters<typeof create>[0]) => withoutCodes(create(options)),
    load: async (directory: string) => withoutCodes(await load(directory)),
  }
}

function recommender<Options extends CommonOptions>(
  definition: SystemDefinition<Options>,
  options: Options,
  loaded?: FittedModel,
): CodedRecommender {
  const { name } = definition
  let model = loaded
  let encoded: ItemVectors | undefined
  let fitting = false
  let disposed = false
  const fitted = (): FittedModel => {
    if (model) return model
    throw new InvalidInputError('NOT_FITTED', {
      what: `${name} has learned nothing yet`,
      given: 'no state',
      allowed: 'a fitted or a loaded model',
      next: 'Call fit, or load a saved model, first.',
    })
  }
  const items = async (): Promise<ItemVectors> => {
    const { network, table } = fitted()
    if (!encoded) encoded = (await import('./encode.ts')).encodeItems(network, table)
    return encoded
  }
  const interests = async (queries: Table, wanted?: number) => {
    const { network, table, itemsKey } = fitted()
    const { users, history, itemsKey: given } = readQueries(queries)
    checkItemsKey(itemsKey, given, 'the queries table')
    checkRange(history.values, table.rows, 'The history of the queries table')
    const { asInterests, encodeUsers } = await import('./encode.ts')
    const encoded = encodeUsers(network, table, history, options.history, wanted)
    return asInterests(encoded, users, history, network, itemsKey)
  }
  /** What makes codes of vectors; nothing where the codebook has not begun, as in a run that was stopped before. */
  const coder = () => {
    const { codes, settled } = fitted().network
    return (settled?.() ?? true) ? codes : undefined
  }
  const codes = async () => coder()?.of(await items())
  const embedItems = async (): Promise<Table> => {
    const { network, ids, itemsKey } = fitted()
    const vectors = await items()
    const codes = coder()
    return makeEmbeddings({
      items: Int32Array.from({ length: ids.length }, (_, i) => i),
      ids,
      vectors,
      codes: codes && { levels: codes.levels, data: codes.of(vectors) },
      score: network.score,
      itemsKey,
    })
  }
  const described = async (): Promise<InterestDescription[] | undefined> => {
    const state = fitted()
    const { network, ids, categories } = state
    const first = network.codewords?.()[0]
    const data = await codes()
    if (!state.interests && first && data) {
      const about = { ids, vectors: await items(), codes: data, levels: network.codes?.levels ?? 1 }
      state.interests = describeInterests({ ...about, codewords: first.data, categories })
    }
    return state.interests
  }
  const release = () => {
    model?.network.dispose()
    model = undefined
    encoded = undefined
  }
  /** What was learned before stays until the first step of training is about to be taken. */
  const learn = async (data: FitData, fit: FitOptions): Promise<FitReport> => {
    const { items: catalogue, sequences, validation } = readData(data)
    const { loadTensorflow } = await import('./tensorflow.ts')
    const { backend } = await loadTensorflow()
    // TensorFlow's own start-up, which comes once a process, is no part of a budget in seconds.
    const started = performance.now()
    const { train } = await import('./training/train.ts')
    const { growTable, startTable } = await import('./model-table.ts')
    const source = random(fit.seed ?? 1)
    const before = fit.from === 'current' ? { ...fitted(), codes: await codes() } : undefined
    const network = before?.network ?? (await definition.network(options, source.fork('network')))
    let begun = before !== undefined
    try {
      checkCatalogue(name, network, catalogue.length)
      const rows = source.fork('items')
      const table = before
        ? growTable(before.table, before.ids, catalogue, options.initialScale, rows)
        : await startTable(options, catalogue, sequences.items, rows, () => pause(name, fit.signal, () => 'no step'))
      const popularity = Float32Array.from(countItems(sequences.items, catalogue.length))
      before?.popularity.forEach((count, item) => {
        popularity[item] += count
      })
      const training: Training = {
        system: name,
        network,
        table,
        options,
        sequences: sequences.items,
        popularity,
        validation,
        itemsKey: catalogue.key,
        random: source,
        backend,
        started,
        continues: before !== undefined,
        begin() {
          if (!before) release()
          const categories = catalogue.lists('categories')
          model = { network, table, ids: catalogue.ids, itemsKey: catalogue.key, popularity, categories, backend }
          encoded = undefined
          begun = true
        },
      }
      const report = await train(training, fit)
      const after = before?.codes && (await codes())
      if (before?.codes && after) report.drift = drift(before.codes, after, network.codes?.levels ?? 1)
      return report
    } finally {
      if (!begun) network.dispose()
    }
  }
  return {
    name,
    options,
    async fit(data: FitData, fit: FitOptions = {}): Promise<FitReport> {
      checkFitOptions(data, fit)
      if (fitting) throw alreadyFitting(name)
      fitting = true
      disposed = false
      try {
        return await learn(data, fit)
      } finally {
        fitting = false
        if (disposed) release()
      }
    },
    async recommend(queries: Table, wanted: VectorRecommendOptions): Promise<Table> {
      const { recommendByVectors } = await import('./exact.ts')
      const vectors = await items()
      return recommendByVectors(queries, await interests(queries), vectors, {
        ...wanted,
        popularity: fitted().popularity,
      })
    },
    embedItems,
    async embedUsers(queries: Table, wanted?: EmbedUsersOptions): Promise<Table> {
      return makeInterests(await interests(queries, checkEmbedUsersOptions(wanted).interests))
    },
    async codebook(): Promise<Table> {
      const { network } = fitted()
      const data = await codes()
      const levels = (data && network.codewords?.()) ?? []
      const counts = levels.map(({ rows }) => new Int32Array(rows))
      for (let at = 0; data && at < data.length; at++) counts[at % levels.length][data[at]]++
      return makeCodebook({ levels: levels.map((vectors, l) => ({ vectors, counts: counts[l] })) })
    },
    async describeInterest(code: number): Promise<InterestDescription> {
      return interestOf(code, (await described()) ?? [], name)
    },
    async save(directory: string): Promise<void> {
      const [interests, data] = [await described(), await codes()]
      const embeddings = async () => encodeTable(await embedItems())
      await saveVectorModel(directory, { system: name, options, ...fitted(), codes: data, interests, embeddings })
    },
    dispose() {
      disposed = true
      // Training works with what would be freed; its end frees it.
      if (!fitting) release()
    },
  }
}

function alreadyFitting(name: string): InvalidInputError {
  return new InvalidInputError('ALREADY_FITTING', {
    what: `${name} is being fitted already`,
    given: 'a second call of fit',
    allowed: 'one at a time',
    next: 'Wait for the first, stop it with its signal, or fit another model.',
  })
}

/** Share of the rows that `before` has whose first code is another one in `after`. */
function drift(before: Uint16Array, after: Uint16Array, levels: number): number {
  let changed = 0
  for (let at = 0; at < before.length; at += levels) if (before[at] !== after[at]) changed++
  return before.length === 0 ? 0 : (changed * levels) / before.length
}

/** @throws InvalidInputError `INVALID_OPTION` for an option that would change nothing, as another one is not what it needs */
function checkMeaning(system: string, { hardness, loss, idDropout, features }: CommonOptions): void {
  const idle = [
    { option: 'hardness', given: hardness, idle: loss !== 'hard-softmax', needs: "loss: 'hard-softmax'" },
    { option: 'idDropout', given: idDropout, idle: !features, needs: 'features: true' },
  ].find((each) => each.given !== undefined && each.idle)
  if (idle === undefined) return
  throw new InvalidInputError('INVALID_OPTION', {
    what: `Option "${idle.option}" of ${system} would change nothing`,
    given: { [idle.option]: idle.given },
    allowed: `together with ${idle.needs}`,
    next: `Add ${idle.needs}, or leave "${idle.option}" out.`,
  })
}

/** @throws InvalidInputError `TOO_LITTLE_DATA` where a codebook has more codes than there are items */
function checkCatalogue(system: string, { codes }: Network, items: number): void {
  if (codes === undefined || items >= codes.needs.items) return
  const { option, items: needed } = codes.needs
  throw new InvalidInputError('TOO_LITTLE_DATA', {
    what: `The catalogue is too small for the codes of ${system}`,
    given: `${items} items and ${needed} codes`,
    allowed: 'no more codes than items; a tenth of them is a good beginning',
    next: `Make the model with ${option} ${Math.max(1, Math.min(needed, Math.floor(items / 10)))}.`,
  })
}

function nothingToValidate(cases: number): InvalidInputError {
  return new InvalidInputError('TOO_LITTLE_DATA', {
    what: 'There is nothing to validate on',
    given: `${cases} validation cases without any target`,
    allowed: 'at least one case with a target',
    next: 'Leave "validation" out to train without early stopping, or give it users with targets.',
  })
}

function readData(data: FitData) {
  const items: Items = readItems(data.items)
  const sequences = readSequences(data.sequences)
  checkItemsKey(items.key, sequences.itemsKey, 'the sequences table')
  checkRange(sequences.items.values, items.length, 'The items of the sequences table')
  const validation = data.validation && readCases(data.validation)
  if (validation) {
    checkItemsKey(items.key, validation.itemsKey, 'the validation cases')
    checkRange(validation.history.values, items.length, 'The history of the validation cases')
    checkRange(validation.targets.values, items.length, 'The targets of the validation cases')
    if (validation.targets.values.length === 0) throw nothingToValidate(validation.users.length)
  }
  return { items, sequences, validation }
}
