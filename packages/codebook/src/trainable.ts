import { InvalidInputError, type Matrix, type Random } from '@sparc/tables'
import type { Balance } from './balance.ts'
import {
  codebookTensors,
  createState,
  disposeState,
  namedArrays,
  plainLevels,
  restoreState,
  setCodewords,
  setPrices,
} from './codebook-state.ts'
import { codecOf } from './codec.ts'
import { fitInSteps } from './fit.ts'
import { residualKMeans } from './initialize.ts'
import { capacityPrices } from './prices.ts'
import { quantizeStep } from './quantize-step.ts'
import type { TrainableQuantizer } from './quantizer.ts'
import { saveQuantizer } from './save.ts'
import { countUsage, missingVectors, moveAverages, plainCodes, remainder, revive } from './usage.ts'
import {
  checkCapacity,
  checkCodes,
  checkEnough,
  checkLevels,
  checkVectors,
  unitMatrix,
  type Vectors,
} from './vectors.ts'

/** The parsed options of a trainable quantizer of any number of levels. */
export interface TrainableOptions {
  kind: 'vector' | 'residual'
  sizes: number[]
  dim: number
  metric: 'euclidean' | 'cosine'
  gradient: 'straight-through' | 'rotation'
  update: 'gradient' | 'average'
  decay: number
  usageDecay: number
  commitment: number
  balance?: Balance
}

/** What the vector and the residual quantizer are made of: they differ in their options only. */
export function createTrainable(options: TrainableOptions, random: Random): TrainableQuantizer {
  const { dim, sizes, metric, balance, kind } = options
  if (balance) checkLevels(balance.levels, sizes.length, 'The option "balance.levels"')
  const averaged = options.update === 'average'
  const state = createState(sizes, dim, averaged, random)
  const stepLevels = sizes.map((_, l) => ({ codewords: state.codewords[l], prices: state.prices[l], averaged }))
  const levels = () => plainLevels(state, metric)

  /** Vectors as the metric sees them. */
  function seen(vectors: Vectors, where: string): Matrix {
    const matrix = checkVectors(vectors, dim, where)
    return metric === 'cosine' ? unitMatrix(matrix) : matrix
  }

  const initialize: TrainableQuantizer['initialize'] = (vectors, kMeansOptions = {}) => {
    const matrix = seen(vectors, 'initialize')
    const capacities = sizes.map((_, l) => (balance?.levels.includes(l) ? balance.capacity : undefined))
    const spherical = metric === 'cosine'
    const made = residualKMeans(matrix, sizes, random, { ...kMeansOptions, capacities, spherical })
    for (const [l, level] of [...made].entries()) {
      setCodewords(state, l, level.vectors.data)
      setPrices(state, l, level.prices ?? new Float32Array(sizes[l]))
      state.usage[l].fill(1 / sizes[l])
    }
  }

  const rebalance: TrainableQuantizer['rebalance'] = (vectors, { capacity = balance?.capacity ?? 1.25 } = {}) => {
    const matrix = seen(vectors, 'rebalance')
    checkEnough(matrix.rows, Math.max(...sizes), 'rebalance')
    checkCapacity(capacity)
    const balanced = balance?.levels ?? [0]
    const last = Math.max(...balanced)
    let left = matrix
    for (const [l, level] of levels().entries()) {
      if (l > last) break
      if (balanced.includes(l)) {
        level.prices = capacityPrices(left, level.vectors, random, { capacity }, level.prices)
        setPrices(state, l, level.prices)
      }
      if (l < last) left = remainder(left, level)
    }
  }

  const quantizer: TrainableQuantizer = {
    kind,
    dim,
    sizes,
    variables: averaged ? [] : state.codewords,
    quantize(z) {
      if (z.rank === 2 && z.shape[1] === dim) return quantizeStep(z, stepLevels, options)
      throw new InvalidInputError('WRONG_DIMENSION', {
        what: 'The tensor given to quantize has the wrong shape',
        given: `[${z.shape}]`,
        allowed: `[batch, ${dim}]`,
        next: `Give vectors of dimension ${dim}, or create a quantizer with the dimension of yours.`,
      })
    },
    codewords(level) {
      checkLevels([level], sizes.length, 'The call of codewords')
      return state.codewords[level]
    },
    ...codecOf(sizes, dim, levels, seen),
    initialize,
    rebalance,
    observe(codes, z) {
      const plain = plainCodes(codes)
      countUsage(state, plain, options.usageDecay)
      if (!state.averages) return
      if (!z) throw missingVectors()
      const data = Float32Array.from(z.dataSync())
      moveAverages(state, state.averages, plain, seen({ data, rows: z.shape[0], dim }, 'observe'), options.decay)
    },
    reviveDead(vectors, { below = 0.1, codes } = {}) {
      if (codes) checkCodes(codes, sizes)
      return revive(state, levels(), seen(vectors, 'reviveDead'), below, random, codes)
    },
    async fit(vectors, fitOptions = {}) {
      const matrix = seen(vectors, 'fit')
      return fitInSteps({
        vectors: matrix,
        options: fitOptions,
        epochs: 20,
        random,
        quantizer,
        initialize: () => quantizer.initialize(matrix),
        rebalances: balance !== undefined,
      })
    },
    state: () => namedArrays(state),
    restore: (arrays) => restoreState(state, arrays),
    save: (directory) =>
      saveQuantizer(directory, { kind, options: { ...options }, tensors: codebookTensors(namedArrays(state), dim) }),
    dispose: () => disposeState(state),
  }
  return quantizer
}
