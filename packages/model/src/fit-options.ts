import { InvalidInputError, parseOptions } from '@sparc/tables'
import { z } from 'zod'
import { checkK } from './check-k.ts'
import type { EmbedUsersOptions, FitData, FitOptions, RecommendOptions, VectorRecommendOptions } from './recommender.ts'

const positive = z.int().positive()
const callable = z.custom<never>((value) => typeof value === 'function', 'a function is needed')
const signal = z.custom<AbortSignal>(
  (value) => typeof value === 'object' && value !== null && 'aborted' in value,
  'an AbortSignal is needed',
)

const fitSchema: z.ZodType<FitOptions> = z.strictObject({
  seed: z.int().optional(),
  from: z.enum(['scratch', 'current']).optional(),
  signal: signal.optional(),
  onEvent: callable.optional(),
  budget: z
    .strictObject({ steps: z.int().nonnegative().optional(), seconds: z.number().positive().optional() })
    .optional(),
  validation: z
    .strictObject({
      every: positive.optional(),
      k: positive.optional(),
      patience: positive.optional(),
      maxUsers: positive.optional(),
    })
    .optional(),
  checkpoint: z
    .strictObject({ directory: z.string().min(1), every: positive.optional(), resume: z.boolean().optional() })
    .optional(),
})

const recommendSchema = z.strictObject({
  k: z.number(),
  excludeSeen: z.boolean().optional(),
  among: z.custom<RecommendOptions['among']>(() => true).optional(),
})

const vectorRecommendSchema = recommendSchema.extend({ popularityWeight: z.number().optional() })

const dataSchema = z.strictObject({
  items: z.unknown(),
  sequences: z.unknown(),
  validation: z.unknown().optional(),
})

const embedUsersSchema: z.ZodType<EmbedUsersOptions> = z.strictObject({
  interests: z.int().positive('a whole number of at least 1').optional(),
})

/** Both arguments of `fit`, but for what is in its tables. @throws InvalidInputError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function checkFitOptions(data: FitData, options: FitOptions): void {
  parseOptions(dataSchema, data, 'the data of fit')
  parseOptions(fitSchema, options, 'options of fit')
  if (options.validation === undefined || data.validation !== undefined) return
  throw new InvalidInputError('INVALID_OPTION', {
    what: 'The options of fit say how to validate, and the data has nothing to validate on',
    given: { validation: options.validation },
    allowed: 'option "validation" beside data that has "validation", a table of cases',
    next: 'Give the data { items, sequences, validation }, or leave the option out.',
  })
}

/** @throws InvalidInputError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function checkEmbedUsersOptions(options: EmbedUsersOptions | undefined): EmbedUsersOptions {
  return parseOptions(embedUsersSchema, options, 'options of embedUsers')
}

/** @throws InvalidInputError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function checkRecommendOptions(options: RecommendOptions): void {
  checkK(options?.k)
  parseOptions(recommendSchema, options, 'options of recommend')
}

/** The same for vector systems. @throws InvalidInputError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function checkVectorRecommendOptions(options: VectorRecommendOptions): void {
  checkK(options?.k)
  parseOptions(vectorRecommendSchema, options, 'options of recommend')
}
