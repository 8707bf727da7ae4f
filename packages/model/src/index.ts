export type * from './recommender.ts'
