import {
  alsSearchSpace,
  comirecDrSearchSpace,
  comirecSaSearchSpace,
  easeSearchSpace,
  gemirecSearchSpace,
  itemKnnSearchSpace,
  mindSearchSpace,
  remiSearchSpace,
  sasrecSearchSpace,
  sparcSearchSpace,
  twoTowerSearchSpace,
} from '@sparc/model'
import type { Random } from '@sparc/tables'
import { stableJson } from '../config/hash.ts'
import { isLearned } from './systems.ts'

/** Values that a search may try, by option. */
export type SearchSpace = Readonly<Record<string, readonly unknown[]>>

/** What every learned system may vary: the same for all, so that no one is tuned harder than another. */
const shared: SearchSpace = {
  dim: [64, 128, 256],
  dropout: [0.4, 0.5, 0.6],
  temperature: [0.08, 0.1, 0.12, 0.14],
  minHistory: [1, 2],
  learningRate: [1e-3, 2e-3],
  loss: ['softmax', 'hard-softmax'],
}

/** What the systems declare of their own. */
const own: Readonly<Record<string, SearchSpace>> = {
  'item-knn': itemKnnSearchSpace,
  ease: easeSearchSpace,
  als: alsSearchSpace,
  'two-tower': twoTowerSearchSpace,
  'comirec-sa': comirecSaSearchSpace,
  'comirec-dr': comirecDrSearchSpace,
  mind: mindSearchSpace,
  remi: remiSearchSpace,
  sasrec: sasrecSearchSpace,
  gemirec: gemirecSearchSpace,
  sparc: sparcSearchSpace,
}

/** The search space of a system: what all learned systems share, and what it declares itself. */
export function searchSpace(system: string): SearchSpace {
  return { ...(isLearned(system) ? shared : {}), ...own[system] }
}

/**
 * The defaults (no options), then settings drawn from the space, none of them twice and none that says the defaults again;
 * fewer where the space has no more.
 *
 * @param resolve all options that a setting comes to, defaults too
 */
export function drawSettings(
  space: SearchSpace,
  trials: number,
  random: Random,
  resolve: (setting: Record<string, unknown>) => unknown = (setting) => setting,
): Record<string, unknown>[] {
  const names = Object.keys(space)
  const all = names.reduce((product, name) => product * space[name].length, names.length > 0 ? 1 : 0)
  const settings: Record<string, unknown>[] = [{}]
  const [drawn, meant] = [new Set<string>(), new Set([stableJson(resolve({}))])]
  while (settings.length < trials && drawn.size < all) {
    const setting = Object.fromEntries(names.map((name) => [name, space[name][random.int(space[name].length)]]))
    const meaning = stableJson(resolve(setting))
    drawn.add(stableJson(setting))
    if (meant.has(meaning)) continue
    meant.add(meaning)
    settings.push(setting)
  }
  return settings
}
