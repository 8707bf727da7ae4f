import { InvalidFileError, InvalidInputError, openFolder, suggest } from '@sparc/tables'
import { comirecDr, loadComirecDr } from './comirec/comirec-dr.ts'
import { comirecSa, loadComirecSa } from './comirec/comirec-sa.ts'
import { gemirec, loadGemirec } from './gemirec/gemirec.ts'
import { als, loadAls } from './linear/als.ts'
import { ease, loadEase } from './linear/ease.ts'
import { itemKnn, loadItemKnn } from './linear/item-knn.ts'
import { loadPopularity, popularity } from './linear/popularity.ts'
import { loadMind, mind } from './mind/mind.ts'
import { MODEL_FORMAT } from './model-format.ts'
import type { CodedRecommender, OptionsOf, Recommender, VectorRecommender } from './recommender.ts'
import { loadRemi, remi } from './remi/remi.ts'
import { loadSasrec, sasrec } from './sasrec/sasrec.ts'
import { loadSparc, sparc } from './sparc/sparc.ts'
import { loadTwoTower, twoTower } from './two-tower/two-tower.ts'

interface Described {
  /** Where it comes from. */
  paper: string
}

/** A system that an index can serve. */
export interface VectorSystem extends Described {
  kind: 'vector'
  /** @throws InvalidInputError for unknown options or values */
  create(options?: object): VectorRecommender
  load(directory: string): Promise<VectorRecommender>
}

/** A system that is computed, not trained: no steps, no validation. */
export interface LinearSystem extends Described {
  kind: 'linear'
  create(options?: object): Recommender
  load(directory: string): Promise<Recommender>
}

export type System = VectorSystem | LinearSystem

const known = {
  popularity: { kind: 'linear', paper: 'the bar under all bars', create: popularity, load: loadPopularity },
  'item-knn': {
    kind: 'linear',
    paper: 'Sarwar et al., WWW 2001',
    create: itemKnn,
    load: loadItemKnn,
  },
  ease: { kind: 'linear', paper: 'Steck, WWW 2019, arXiv 1905.03375', create: ease, load: loadEase },
  als: { kind: 'linear', paper: 'Hu, Koren and Volinsky, ICDM 2008', create: als, load: loadAls },
  'two-tower': {
    kind: 'vector',
    paper: 'Covington et al., RecSys 2016',
    create: twoTower,
    load: loadTwoTower,
  },
  'comirec-sa': {
    kind: 'vector',
    paper: 'Cen et al., KDD 2020, arXiv 2005.09347',
    create: comirecSa,
    load: loadComirecSa,
  },
  'comirec-dr': {
    kind: 'vector',
    paper: 'Cen et al., KDD 2020, arXiv 2005.09347',
    create: comirecDr,
    load: loadComirecDr,
  },
  mind: { kind: 'vector', paper: 'Li et al., CIKM 2019, arXiv 1904.08030', create: mind, load: loadMind },
  remi: { kind: 'vector', paper: 'Xie et al., RecSys 2023, arXiv 2302.14532', create: remi, load: loadRemi },
  sasrec: {
    kind: 'vector',
    paper: 'Kang and McAuley, ICDM 2018, arXiv 1808.09781',
    create: sasrec,
    load: loadSasrec,
  },
  gemirec: { kind: 'vector', paper: 'arXiv 2510.14626', create: gemirec, load: loadGemirec },
  sparc: { kind: 'vector', paper: 'arXiv 2508.09090', create: sparc, load: loadSparc },
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
