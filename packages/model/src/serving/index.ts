export type { InterestDescription } from '../recommender.ts'
export { openServing, type ServedItem, type ServedUser, type Serving } from './open-serving.ts'
export type { EncodedUser } from './user-encoder.ts'
