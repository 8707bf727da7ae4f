import { type SearchSpace, sharedSearchSpace, systems } from '@sparc/model'
import type { Random } from '@sparc/tables'
import { stableJson } from '../config/hash.ts'

/** The search space of a system: what all learned systems share, and what it declares itself. */
export function searchSpace(system: string): SearchSpace {
  const { trained, searchSpace } = systems[system]
  return { ...(trained && sharedSearchSpace), ...searchSpace }
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
