import { stableJson } from '../config/hash.ts'
import type { RunFile, Sitting } from './results.ts'

const only = ({ machine, versions }: Sitting): Sitting => ({ machine, versions })

/** The sitting that a run names, and those that it says there were besides; none where there is no run yet. */
export function sittingsOf(run: RunFile | undefined): Sitting[] {
  return run === undefined ? [] : [only(run), ...(run.otherSittings ?? [])]
}

/** Of several sittings those on another machine or with other versions than this one, each once; undefined where there is none. */
export function otherSittings(now: Sitting, sittings: readonly Sitting[]): Sitting[] | undefined {
  const others = new Map(sittings.map((each) => [stableJson(only(each)), only(each)]))
  others.delete(stableJson(only(now)))
  return others.size === 0 ? undefined : [...others.values()]
}

/** What another sitting had that this one had not: `linux-x64, 8 x EPYC, 32 GB; node 22.1.0`; an older one did not say its commit. */
export function sittingText(now: Sitting, { machine, versions }: Sitting): string {
  const names = new Set([...Object.keys(versions), ...Object.keys(now.versions)])
  const differ = [...names].filter((name) => now.versions[name] !== versions[name])
  const other = stableJson(machine) === stableJson(now.machine) ? [] : [machineText(machine)]
  return [...other, ...differ.map((name) => `${name} ${versions[name] ?? 'not known'}`)].join(', ')
}

/** A machine as people say it. */
export function machineText({ platform, cpus, cpu, memory }: Sitting['machine']): string {
  return `${platform}, ${cpus} x ${cpu}, ${memory} GB`
}
