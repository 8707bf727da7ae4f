import {
  type Csr,
  checkItemsKey,
  checkRange,
  encodeTable,
  f32,
  type Interests,
  InvalidFileError,
  type Matrix,
  makeEmbeddings,
  makeInterests,
  parseOptions,
  type Random,
  random,
  readQueries,
  row,
} from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { z } from 'zod'
import { checkEmbedUsersOptions } from '../fit-options.ts'
import { fitted } from '../fitted.ts'
import { pause } from '../pause.ts'
import type { FitOptions, VectorRecommender } from '../recommender.ts'
import { type Catalogue, readLog, report } from './classic.ts'
import { createImprover, gramOf, solveExactly } from './least-squares.ts'
import { openClassic, saveClassic } from './saved.ts'
import { distinct, transpose } from './sparse.ts'

const optionsSchema = z.strictObject({
  /** Length of a user's and an item's vector. */
  factors: z.int().positive().max(4096).default(64),
  /** Confidence in a thing that was used; things not used count 1. */
  alpha: z.number().positive().default(40),
  /** Ridge penalty of each vector. */
  regularization: z.number().nonnegative().default(0.01),
  /** Rounds of users, then items. */
  iterations: z.int().positive().default(15),
  /** Steps of conjugate gradients in each round. */
  steps: z.int().positive().default(3),
})

/** Options of ALS; what is left out is the measured default. */
export type AlsOptions = z.input<typeof optionsSchema>

/** What a search over ALS may vary. */
export const alsSearchSpace = {
  factors: [64, 128],
  alpha: [1, 10, 40, 100],
  regularization: [0.01, 0.1, 1, 10],
  iterations: [10, 15, 30],
} as const

type Options = z.output<typeof optionsSchema>

interface State {
  vectors: Matrix
  catalogue: Catalogue
}

/** Rows solved before the event loop gets a turn. */
const ROWS = 2048

const SCORE = { metric: 'dot', scale: 1 } as const

/**
 * ALS on implicit feedback (Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008,
 * https://doi.org/10.1109/ICDM.2008.22): user
 * vectors `x_u` and item vectors `y_i`, `[factors]`, that minimise `sum_ui c_ui (r_ui - x_u . y_i)^2 + lambda (|x|^2 + |y|^2)`, with `r = 1`
 * and `c = alpha` for what was used, 0 and 1 for everything else; solved for users and items in turn.
 *
 * A query's user was not trained on: its vector is folded in, the exact solution for its history,
 * `x_u = (Y'Y + sum_i (c_ui - 1) y_i y_i' + lambda I)^-1 sum_i c_ui y_i` over its items `i`, `Y` `[items, factors]` (equation 4).
 *
 * @example
 * const model = als({ factors: 64 })
 * await model.fit({ items, sequences })
 * const lists = await model.recommend(queries, { k: 50 })
 */
export function als(options: AlsOptions = {}): VectorRecommender {
  return recommender(parseOptions(optionsSchema, options, 'options of als'), undefined)
}

/** Reads a saved ALS model. @throws InvalidFileError */
export async function loadAls(directory: string): Promise<VectorRecommender> {
  const saved = await openClassic(directory, 'als')
  const options = parseOptions(optionsSchema, saved.options, 'the saved als')
  const data = saved.data('items', Float32Array)
  const { catalogue } = saved
  const rows = catalogue.ids.length
  if (data.length !== rows * options.factors) {
    throw new InvalidFileError('WRONG_SHAPE', {
      what: 'The saved als has vectors of another shape than its options say',
      given: `${data.length} values`,
      allowed: `${rows} items times ${options.factors} factors`,
      next: 'Save the model again.',
    })
  }
  return recommender(options, { vectors: { data, rows, dim: options.factors }, catalogue })
}

/** Item vectors, `[items, factors]`. @throws CancelledError when the signal fires */
export async function alsItems(
  users: Csr,
  items: number,
  options: Options,
  source: Random,
  fit: FitOptions = {},
): Promise<Matrix> {
  const { factors: dim, alpha, regularization, iterations, steps } = options
  const draw = (rows: number): Matrix => ({
    data: Float32Array.from({ length: rows * dim }, () => source.next() * 0.01),
    rows,
    dim,
  })
  const userVectors = draw(users.offsets.length - 1)
  const itemVectors = draw(items)
  const byItem = transpose(users, items)
  const improveRows = createImprover(dim)
  for (let n = 1; n <= iterations; n++) {
    const improve = async (factors: Matrix, liked: Csr, solutions: Matrix) => {
      const regression = { factors, gram: gramOf(factors, regularization), alpha }
      for (let from = 0; from < solutions.rows; from += ROWS) {
        improveRows(regression, liked, solutions, steps, from, Math.min(solutions.rows, from + ROWS))
        await pause('als', fit.signal, () => `${n - 1} of ${iterations} rounds done`)
      }
    }
    await improve(itemVectors, users, userVectors)
    await improve(userVectors, byItem, itemVectors)
    fit.onEvent?.({ type: 'phase', step: n, phase: `round ${n} of ${iterations}` })
  }
  return itemVectors
}

function recommender(options: Options, loaded: State | undefined): VectorRecommender {
  let state = loaded
  const interests = (queries: Table): Interests => {
    const { vectors, catalogue } = fitted(state, 'als')
    const { itemsKey } = catalogue
    const { users, history, itemsKey: given } = readQueries(queries)
    checkItemsKey(itemsKey, given, 'the queries table')
    checkRange(history.values, vectors.rows, 'The history of the queries table')
    const { dim } = vectors
    const data = new Float32Array(users.length * dim)
    const gram = gramOf(vectors, options.regularization)
    const regression = { factors: vectors, gram, alpha: options.alpha }
    const once = distinct(history, vectors.rows)
    for (let r = 0; r < users.length; r++) {
      solveExactly(regression, row(once, r), data.subarray(r * dim, (r + 1) * dim))
    }
    return {
      users,
      offsets: Int32Array.from({ length: users.length + 1 }, (_, r) => r),
      vectors: { data, rows: users.length, dim },
      score: SCORE,
      itemsKey,
    }
  }
  const embedItems = async (): Promise<Table> => {
    const { vectors, catalogue } = fitted(state, 'als')
    const { ids, itemsKey } = catalogue
    return makeEmbeddings({ items: Int32Array.from(ids, (_, i) => i), ids, vectors, score: SCORE, itemsKey })
  }
  return {
    name: 'als',
    options,
    async fit(data, fit = {}) {
      const started = performance.now()
      const { users, items, catalogue } = readLog(data, fit)
      state = { vectors: await alsItems(users, items, options, random(fit.seed ?? 1), fit), catalogue }
      return report('als', started, fit)
    },
    async recommend(queries, recommendOptions) {
      const { vectors, catalogue } = fitted(state, 'als')
      const { recommendByVectors } = await import('../exact.ts')
      const { popularity } = catalogue
      return recommendByVectors(queries, interests(queries), vectors, { ...recommendOptions, popularity })
    },
    embedItems,
    async embedUsers(queries, wanted) {
      checkEmbedUsersOptions(wanted)
      return makeInterests(interests(queries))
    },
    async save(directory) {
      const { vectors, catalogue } = fitted(state, 'als')
      const tensors = { items: f32([vectors.rows, vectors.dim], vectors.data) }
      const embeddings = async () => encodeTable(await embedItems())
      await saveClassic(directory, { system: 'als', options }, catalogue, tensors, embeddings)
    },
    dispose() {
      state = undefined
    },
  }
}
