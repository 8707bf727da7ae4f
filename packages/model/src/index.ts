export type * from './recommender.ts'
export { type ItemKnnOptions, itemKnn, itemKnnSearchSpace, loadItemKnn } from './linear/item-knn.ts'
export { loadPopularity, popularity } from './linear/popularity.ts'
