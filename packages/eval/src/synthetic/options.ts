import { z } from 'zod'

const share = z.number().min(0).max(1)

/** A long-tailed number: `floor + exp(normal) * median`, where `spread` is the deviation of its logarithm. */
const longTail = (floor: number, median: number, spread: number, maximum: number) =>
  z
    .strictObject({
      floor: z.number().nonnegative().default(floor),
      median: z.number().positive().default(median),
      spread: z.number().nonnegative().default(spread),
      maximum: z.number().positive().default(maximum),
    })
    .prefault({})

export const worldSchema = z.strictObject({
  name: z.string().default('synthetic'),
  seed: z.int().nonnegative().default(1230),
  users: z.int().positive().default(3000),
  items: z.int().positive().default(1500),
  /** Leaf categories, each of which is one latent interest. */
  interests: z.int().positive().default(24),
  /** Interests of a user over its whole life, on average. */
  interestsPerUser: z.number().min(1).default(3),
  /** How far an interest's weight wanders from one interaction to the next: the deviation of its logarithm. */
  drift: z.number().nonnegative().default(0.15),
  /** Share of interests that do not last to the end. */
  ending: share.default(0.4),
  /** Share of interactions that follow no interest of the user. */
  noise: share.default(0.05),
  /** How much more a user likes its brand of a department. */
  loyalty: z.number().nonnegative().default(3),
  /** Interactions of a user. */
  length: longTail(5, 1.8, 1.36, 200),
  /** How attractive items are to begin with; exposure makes attractive ones more so. */
  popularity: longTail(0.4, 1, 0.9, 50),
  /** Mean interactions of a session, and mean days between two sessions. */
  sessions: z
    .strictObject({ size: z.number().min(1).default(1.8), gapDays: z.number().positive().default(60) })
    .prefault({}),
  /** What is shown: so many items at a time, a share of them for their popularity alone, looked at from the top. */
  exposure: z
    .strictObject({
      slate: z.int().positive().default(8),
      popular: share.default(0.15),
      /** Position `p` (from 0) is looked at with weight `(p + 1) ** -positionBias`. */
      positionBias: z.number().nonnegative().default(0.7),
    })
    .prefault({}),
  /** Share of interactions with an item that the user has had before. */
  repeat: share.default(0),
  start: z.date().default(new Date('2010-01-01')),
  end: z.date().default(new Date('2014-07-01')),
  /** Share of items that are older than the log; the others are born while it runs. */
  bornBefore: share.default(0.6),
  /** Users join late in a growing world: the join time is `start + (end - start) * u ** (1 / growth)`. */
  growth: z.number().positive().default(2),
  /** Times are cut to days or to seconds; days make ties, as in the Amazon releases. */
  resolution: z.enum(['day', 'second']).default('day'),
  /** Also give a table of all that was shown. */
  impressions: z.boolean().default(false),
})

/** Options of `makeSyntheticWorld`; every one has a default. */
export type SyntheticWorldOptions = z.input<typeof worldSchema>
export type WorldOptions = z.output<typeof worldSchema>

/**
 * Knobs fitted to the marginals of Amazon Beauty (2014, 5-core): users, items, lengths, popularity, density, ties and
 * repeats come out within 12 % of the real ones (a test holds them there). Takes about 5 seconds.
 *
 * @example makeSyntheticWorld({ ...beautyWorld, seed: 3 })
 */
export const beautyWorld: SyntheticWorldOptions = {
  name: 'synthetic-beauty',
  users: 22_363,
  items: 12_101,
  interests: 200,
  length: { floor: 5, median: 1.8, spread: 1.34, maximum: 204 },
  popularity: { floor: 0.6, median: 0.7, spread: 1.37, maximum: 100 },
  start: new Date('2002-06-12'),
  end: new Date('2014-07-23'),
}
