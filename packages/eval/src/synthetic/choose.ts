import type { Random } from '@sparc/tables'
import type { Catalogue } from './catalogue.ts'
import type { WorldOptions } from './options.ts'
import { pick } from './sampling.ts'

/** What was shown from the top, and which of it was taken. */
export interface Choice {
  slate: number[]
  position: number
}

/** One item of `draw` that has been born at `time`, or -1. */
function bornItem(draw: () => number, catalogue: Catalogue, time: number): number {
  for (let tries = 0; tries < 20; tries++) {
    const item = draw()
    if (catalogue.born[item] <= time) return item
  }
  return -1
}

/** The distinct items that are shown for an intent, the most attractive first: that is the exposure bias. */
function slateFor(options: WorldOptions, catalogue: Catalogue, intent: number, time: number, source: Random): number[] {
  const shown = new Set<number>()
  for (let slot = 0; slot < options.exposure.slate; slot++) {
    const from = source.next() < options.exposure.popular ? catalogue.all : catalogue.byInterest[intent]
    const item = bornItem(() => from.draw(source), catalogue, time)
    if (item >= 0) shown.add(item)
  }
  return [...shown].sort((a, b) => catalogue.weights[b] - catalogue.weights[a])
}

/**
 * Shows a slate for the intent and takes one item: the chance of a position is how much it is looked at, times how well
 * its item suits the intent and the user's brands, and 0 for what the user has had.
 *
 * @returns undefined where nothing new could be shown
 */
export function choose(
  options: WorldOptions,
  catalogue: Catalogue,
  intent: number,
  brands: readonly string[],
  time: number,
  had: ReadonlySet<number>,
  source: Random,
): Choice | undefined {
  for (let tries = 0; tries < 20; tries++) {
    const slate = slateFor(options, catalogue, intent, time, source)
    const weights = slate.map((item, position) => {
      if (had.has(item)) return 0
      const interest = catalogue.interests[item]
      const near = catalogue.categories[interest] === catalogue.categories[intent] ? 0.2 : 0.02
      const suits = interest === intent ? 1 : near
      const liked = brands[catalogue.departments[interest]] === catalogue.brands[item] ? 1 + options.loyalty : 1
      return suits * liked * (position + 1) ** -options.exposure.positionBias
    })
    const position = pick(source, weights)
    if (position >= 0) return { slate, position }
  }
  const left = bornItem(
    () => {
      const item = source.int(catalogue.ids.length)
      return had.has(item) ? catalogue.all.draw(source) : item
    },
    catalogue,
    time,
  )
  return left < 0 || had.has(left) ? undefined : { slate: [left], position: 0 }
}
