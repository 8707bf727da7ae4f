import type { Random } from '@sparc/tables'
import type { Catalogue } from './catalogue.ts'
import type { WorldOptions } from './options.ts'
import { exponential, longTail, pick, poisson } from './sampling.ts'

/** A user's life: when it acts, and what it is interested in at each step. */
export interface Person {
  /** Milliseconds of each interaction, never falling. */
  times: Float64Array
  /** The session of each interaction, from 0. */
  sessions: Int32Array
  /** The distinct interests that this user ever has. */
  interests: number[]
  /** The steps `[from, to)` in which each of them is alive; steps behind the last interaction are the future. */
  from: number[]
  to: number[]
  /** `weights[step][i]`: the share of interest `i` at this step; the shares of a step sum to 1. */
  weights: Float64Array[]
  /** The steps behind the log. */
  future: number
  /** The brand it likes best in each department. */
  brands: string[]
}

const DAY = 86_400_000

function times(options: WorldOptions, length: number, source: Random): { times: Float64Array; sessions: Int32Array } {
  const start = options.start.getTime()
  const span = options.end.getTime() - start
  const joined = start + span * source.next() ** (1 / options.growth)
  const gaps = new Float64Array(length)
  const sessions = new Int32Array(length)
  for (let k = 1; k < length; k++) {
    const stays = source.next() < 1 - 1 / options.sessions.size
    sessions[k] = sessions[k - 1] + (stays ? 0 : 1)
    gaps[k] = stays ? exponential(source, 60_000) : DAY + exponential(source, options.sessions.gapDays * DAY)
  }
  const total = gaps.reduce((sum, gap) => sum + gap, 0)
  // Whoever would act on behind the end of the log acts faster instead, so that lengths stay as drawn.
  const pace = Math.min(1, (options.end.getTime() - joined) / Math.max(1, total))
  const unit = options.resolution === 'day' ? DAY : 1000
  let time = joined
  const result = gaps.map((gap) => {
    time += gap * pace
    return Math.floor(time / unit) * unit
  })
  return { times: result, sessions }
}

/** Interests are drawn by the attractiveness of their items, without repeats; the first lives from the start. */
export function makePerson(options: WorldOptions, catalogue: Catalogue, source: Random): Person {
  const length = Math.max(1, Math.floor(longTail(source, options.length)))
  const future = Math.max(5, Math.ceil(length / 4))
  const steps = length + future
  const wanted = Math.min(options.interests, 1 + poisson(source, options.interestsPerUser - 1))
  const interests: number[] = []
  for (let tries = 0; interests.length < wanted && tries < 50 * wanted; tries++) {
    const interest = catalogue.interests[catalogue.all.draw(source)]
    if (!interests.includes(interest)) interests.push(interest)
  }
  const from = interests.map((_, i) => (i === 0 ? 0 : Math.floor(source.next() * steps * 0.9)))
  const to = interests.map((_, i) => {
    if (source.next() >= options.ending) return steps
    return Math.min(steps, from[i] + 1 + Math.floor((0.2 + 0.5 * source.next()) * steps))
  })
  const logs = interests.map(() => 0.7 * source.normal())
  const weights: Float64Array[] = []
  for (let step = 0; step < steps; step++) {
    const shares = Float64Array.from(logs, (log, i) => (from[i] <= step && step < to[i] ? Math.exp(log) : 0))
    // Between two interests the latest that has begun goes on.
    if (shares.every((value) => value === 0)) {
      const begun = from.map((first, i) => (first <= step ? to[i] : -1))
      const latest = begun.indexOf(Math.max(...begun))
      shares[latest] = 1
      to[latest] = step + 1
    }
    const total = shares.reduce((sum, value) => sum + value, 0)
    weights.push(shares.map((value) => value / total))
    for (let i = 0; i < logs.length; i++) logs[i] += options.drift * source.normal()
  }
  const brands = catalogue.brandsOf.map((list) => list[source.int(list.length)])
  return { ...times(options, length, source), interests, from, to, weights, future, brands }
}

/** The interest that a step follows: an index into `person.interests`. */
export function intentOf(person: Person, step: number, source: Random): number {
  return Math.max(0, pick(source, person.weights[step]))
}
