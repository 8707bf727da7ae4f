export { comirecDr, comirecDrSearchSpace, loadComirecDr } from './comirec/comirec-dr.ts'
export { comirecSa, comirecSaSearchSpace, loadComirecSa } from './comirec/comirec-sa.ts'
export { type AggregationOptions, aggregateControllably } from './comirec/controllable-aggregation.ts'
export { type ExactLists, type ExactQuery, exactTopK, recommendByVectors } from './exact.ts'
export { gemirec, gemirecSearchSpace, loadGemirec } from './gemirec/gemirec.ts'
export { type ItemScorer, itemScorer, type Merge, plainScorer } from './item-scorer.ts'
export { type AlsOptions, als, alsSearchSpace, loadAls } from './linear/als.ts'
export { type EaseOptions, ease, easeSearchSpace, loadEase } from './linear/ease.ts'
export { type ItemKnnOptions, itemKnn, itemKnnSearchSpace, loadItemKnn } from './linear/item-knn.ts'
export { loadPopularity, popularity } from './linear/popularity.ts'
export { loadMind, mind, mindSearchSpace } from './mind/mind.ts'
export type * from './recommender.ts'
export { loadRemi, remi, remiSearchSpace } from './remi/remi.ts'
export { loadSasrec, sasrec, sasrecSearchSpace } from './sasrec/sasrec.ts'
export { loadSparc, sparc, sparcSearchSpace } from './sparc/sparc.ts'
export {
  createRecommender,
  isCodedRecommender,
  isVectorRecommender,
  type LinearSystem,
  loadRecommender,
  type System,
  type SystemName,
  systems,
  type VectorSystem,
} from './systems.ts'
export { BACKENDS, type Backend, loadTensorflow, type Tensorflow } from './tensorflow.ts'
export { loadTwoTower, twoTower, twoTowerSearchSpace } from './two-tower/two-tower.ts'
