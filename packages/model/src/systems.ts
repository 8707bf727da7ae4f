import { InvalidFileError, InvalidInputError, openFolder, suggest } from '@sparc/tables'
import { comirecDr, comirecDrSearchSpace, loadComirecDr } from './comirec/comirec-dr.ts'
import { comirecSa, comirecSaSearchSpace, loadComirecSa } from './comirec/comirec-sa.ts'
import { gemirec, gemirecSearchSpace, loadGemirec } from './gemirec/gemirec.ts'
import { als, alsSearchSpace, loadAls } from './linear/als.ts'
import { ease, easeSearchSpace, loadEase } from './linear/ease.ts'
import { itemKnn, itemKnnSearchSpace, loadItemKnn } from './linear/item-knn.ts'
import { loadPopularity, popularity } from './linear/popularity.ts'
import { loadMind, mind, mindSearchSpace } from './mind/mind.ts'
import { MODEL_FORMAT } from './model-format.ts'
import type { CodedRecommender, OptionsOf, Recommender, VectorRecommender } from './recommender.ts'
import { loadRemi, remi, remiSearchSpace } from './remi/remi.ts'
import { loadSasrec, sasrec, sasrecSearchSpace } from './sasrec/sasrec.ts'
import { loadSparc, sparc, sparcSearchSpace } from './sparc/sparc.ts'
import { loadTwoTower, twoTower, twoTowerSearchSpace } from './two-tower/two-tower.ts'

/** Values that a search may try, by option. */
export type SearchSpace = Readonly<Record<string, readonly unknown[]>>

/** What there is to know of a system before one is made. */
export interface System {
  /** Where it comes from. */
  paper: string
  /** Trained step by step, with validation; else computed in one go. */
  trained: boolean
  /** What a search may vary of its own options; `sharedSearchSpace` besides, where it is trained. */
  searchSpace: SearchSpace
  /** @throws InvalidInputError for unknown options or values */
  create(options?: object): Recommender | VectorRecommender
  load(directory: string): Promise<Recommender | VectorRecommender>
}

/** What a search may vary of every trained system: the same for all, so that no one is tuned harder than another. */
export const sharedSearchSpace: SearchSpace = {
  dim: [64, 128, 256],
  dropout: [0.4, 0.5, 0.6],
  temperature: [0.08, 0.1, 0.12, 0.14],
  minHistory: [1, 2],
  learningRate: [1e-3, 2e-3],
  loss: ['softmax', 'hard-softmax'],
}

const known = {
  popularity: {
    paper: 'the bar under all bars',
    trained: false,
    searchSpace: {},
    create: popularity,
    load: loadPopularity,
  },
  'item-knn': {
    paper: 'Sarwar et al., WWW 2001',
    trained: false,
    searchSpace: itemKnnSearchSpace,
    create: itemKnn,
    load: loadItemKnn,
  },
  ease: {
    paper: 'Steck, WWW 2019, arXiv 1905.03375',
    trained: false,
    searchSpace: easeSearchSpace,
    create: ease,
    load: loadEase,
  },
  als: {
    paper: 'Hu, Koren and Volinsky, ICDM 2008',
    trained: false,
    searchSpace: alsSearchSpace,
    create: als,
    load: loadAls,
  },
  'two-tower': {
    paper: 'Covington et al., RecSys 2016',
    trained: true,
    searchSpace: twoTowerSearchSpace,
    create: twoTower,
    load: loadTwoTower,
  },
  'comirec-sa': {
    paper: 'Cen et al., KDD 2020, arXiv 2005.09347',
    trained: true,
    searchSpace: comirecSaSearchSpace,
    create: comirecSa,
    load: loadComirecSa,
  },
  'comirec-dr': {
    paper: 'Cen et al., KDD 2020, arXiv 2005.09347',
    trained: true,
    searchSpace: comirecDrSearchSpace,
    create: comirecDr,
    load: loadComirecDr,
  },
  mind: {
    paper: 'Li et al., CIKM 2019, arXiv 1904.08030',
    trained: true,
    searchSpace: mindSearchSpace,
    create: mind,
    load: loadMind,
  },
  remi: {
    paper: 'Xie et al., RecSys 2023, arXiv 2302.14532',
    trained: true,
    searchSpace: remiSearchSpace,
    create: remi,
    load: loadRemi,
  },
  sasrec: {
    paper: 'Kang and McAuley, ICDM 2018, arXiv 1808.09781',
    trained: true,
    searchSpace: sasrecSearchSpace,
    create: sasrec,
    load: loadSasrec,
  },
  gemirec: {
    paper: 'arXiv 2510.14626',
    trained: true,
    searchSpace: gemirecSearchSpace,
    create: gemirec,
    load: loadGemirec,
  },
  sparc: {
    paper: 'arXiv 2508.09090',
    trained: true,
    searchSpace: sparcSearchSpace,
    create: sparc,
    load: loadSparc,
  },
} satisfies Record<string, System>

/** Every system by name. Nothing is loaded before one is fitted. */
export const systems: Readonly<Record<string, System>> = known

/** The names of the systems. */
export type SystemName = keyof typeof known

/**
 * A system by name.
 *
 * @throws InvalidInputError `UNKNOWN_SYSTEM`
 *
 * @example createRecommender('sparc', { dim: 128 })
 */
export function createRecommender<Name extends SystemName>(
  name: Name,
  options?: OptionsOf<(typeof known)[Name]['create']>,
): ReturnType<(typeof known)[Name]['create']>
export function createRecommender(name: string, options?: object): Recommender | VectorRecommender
export function createRecommender(name: string, options?: object): Recommender | VectorRecommender {
  if (Object.hasOwn(systems, name)) return systems[name].create(options)
  const names = Object.keys(systems)
  const near = typeof name === 'string' ? suggest(name, names) : undefined
  throw new InvalidInputError('UNKNOWN_SYSTEM', {
    what: 'There is no such system',
    given: name,
    allowed: names.join(', '),
    next: near ? `Did you mean "${near}"?` : 'Pick one of them.',
  })
}

/**
 * Loads any saved model: the folder says which system it is of.
 *
 * @throws InvalidFileError `UNKNOWN_SYSTEM`, and for damaged or foreign folders
 */
export async function loadRecommender(directory: string): Promise<Recommender | VectorRecommender> {
  const { meta } = await openFolder(directory, MODEL_FORMAT)
  const name = String(meta.system)
  if (Object.hasOwn(systems, name)) return systems[name].load(directory)
  throw new InvalidFileError('UNKNOWN_SYSTEM', {
    what: `The folder ${directory} holds a model of a system that this release does not have`,
    given: name,
    allowed: Object.keys(systems).join(', '),
    next: 'Update the package.',
  })
}

/** True for the systems that an index can serve. */
export function isVectorRecommender(model: Recommender): model is VectorRecommender {
  return 'embedItems' in model && 'embedUsers' in model
}

/** True for the vector systems whose items have codes: SPARC and GemiRec. */
export function isCodedRecommender(model: Recommender): model is CodedRecommender {
  return isVectorRecommender(model) && 'codebook' in model && 'describeInterest' in model
}
