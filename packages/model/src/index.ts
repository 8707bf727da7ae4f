export { comirecDr, loadComirecDr } from './comirec/comirec-dr.ts'
export { comirecSa, loadComirecSa } from './comirec/comirec-sa.ts'
export { type AggregationOptions, aggregateControllably } from './comirec/controllable-aggregation.ts'
export { gemirec, loadGemirec } from './gemirec/gemirec.ts'
export { type AlsOptions, als, loadAls } from './linear/als.ts'
export { type EaseOptions, ease, loadEase } from './linear/ease.ts'
export { type ItemKnnOptions, itemKnn, loadItemKnn } from './linear/item-knn.ts'
export { loadPopularity, popularity } from './linear/popularity.ts'
export { loadMind, mind } from './mind/mind.ts'
export type * from './recommender.ts'
export { loadRemi, remi } from './remi/remi.ts'
export { loadSasrec, sasrec } from './sasrec/sasrec.ts'
export { loadSparc, sparc } from './sparc/sparc.ts'
export {
  createRecommender,
  isCodedRecommender,
  isVectorRecommender,
  loadRecommender,
  type SearchSpace,
  type System,
  type SystemName,
  sharedSearchSpace,
  systems,
} from './systems.ts'
export { type Backend, loadTensorflow, type Tensorflow } from './tensorflow.ts'
export { loadTwoTower, twoTower } from './two-tower/two-tower.ts'
