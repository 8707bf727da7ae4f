import { InvalidInputError, makeInterests, parseOptions, type Random, random } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import type { z } from 'zod'
import { interestOf } from './describe-interests.ts'
import { checkCatalogue, readFitData } from './fit-data.ts'
import { checkEmbedUsersOptions, checkFitOptions } from './fit-options.ts'
import { fitted } from './fitted.ts'
import { type FittedModel, fittedModel } from './fitted-model.ts'
import type { Network } from './network.ts'
import { type CommonOptions, checkMeaning } from './options.ts'
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
import { openVectorModel, restoreNetwork } from './saved-vector-model.ts'
import { countItems } from './training/sampler.ts'

/** What makes a learned system: its name, its options, and its network. The rest is the same for all. */
export interface SystemDefinition<Options extends CommonOptions> {
  name: string
  schema: z.ZodType<Options>
  /** Makes the network, TensorFlow being ready. `random` draws its initial values. */
  network(options: Options, random: Random): Promise<Network>
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
      await loadTensorflow()
      const network = await definition.network(options, random(0))
      try {
        restoreNetwork(network, directory, saved)
      } catch (error) {
        network.dispose()
        throw error
      }
      const { table, ids, itemsKey, popularity, interests } = saved
      const state = { network, table, ids, itemsKey, popularity, interests }
      return recommender(definition, options, fittedModel(name, options, state))
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

/** The life of a model: made or loaded, fitted, asked, disposed of. */
function recommender<Options extends CommonOptions>(
  definition: SystemDefinition<Options>,
  options: Options,
  loaded?: FittedModel,
): CodedRecommender {
  const { name } = definition
  let model = loaded
  let fitting = false
  let disposed = false
  const release = () => {
    model?.network.dispose()
    model = undefined
  }
  /** What was learned before stays until the first step of training is about to be taken. */
  const learn = async (data: FitData, fit: FitOptions): Promise<FitReport> => {
    const { items: catalogue, sequences, validation } = readFitData(data)
    const { loadTensorflow } = await import('./tensorflow.ts')
    const { backend } = await loadTensorflow()
    // TensorFlow's own start-up, which comes once a process, is no part of a budget in seconds.
    const started = performance.now()
    const { train } = await import('./training/train.ts')
    const { growTable, startTable } = await import('./model-table.ts')
    const source = random(fit.seed ?? 1)
    const before =
      fit.from === 'current' ? { ...fitted(model, name), codesThen: await fitted(model, name).codes() } : undefined
    const network = before?.network ?? (await definition.network(options, source.fork('network')))
    let begun: FittedModel | undefined
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
      const { ids, key: itemsKey } = catalogue
      const learned = { network, table, ids, itemsKey, popularity, categories: catalogue.lists('categories') }
      const training = {
        ...learned,
        system: name,
        options,
        sequences: sequences.items,
        validation,
        random: source,
        backend,
        started,
        continues: before !== undefined,
        begin() {
          if (!before) release()
          begun = fittedModel(name, options, learned)
          begun.training = true
          model = begun
        },
      }
      const report = await train(training, fit)
      const after = before?.codesThen && (await begun?.codes())
      if (before?.codesThen && after) report.drift = drift(before.codesThen, after, network.codes?.levels ?? 1)
      return report
    } finally {
      if (begun) begun.training = false
      else if (!before) network.dispose()
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
      const learned = fitted(model, name)
      const [vectors, interests] = [await learned.vectors(), await learned.embed(queries)]
      return recommendByVectors(queries, interests, vectors, { ...wanted, popularity: learned.popularity })
    },
    embedItems: async () => fitted(model, name).embeddings(),
    async embedUsers(queries: Table, wanted?: EmbedUsersOptions): Promise<Table> {
      const { interests } = checkEmbedUsersOptions(wanted)
      return makeInterests(await fitted(model, name).embed(queries, interests))
    },
    codebook: async () => fitted(model, name).codebook(),
    async describeInterest(code: number): Promise<InterestDescription> {
      return interestOf(code, await fitted(model, name).describe(), name)
    },
    save: async (directory: string) => fitted(model, name).save(directory),
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
