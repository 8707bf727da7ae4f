import type { Job } from '../config/part.ts'
import { rowName } from '../config/schema.ts'
import { secondsOf } from '../pipeline/estimate.ts'
import { isMade } from '../pipeline/row.ts'
import { fitsOf } from '../pipeline/systems.ts'
import { duration } from '../progress/duration.ts'
import { align } from '../report/text.ts'
import { runPaths } from '../run-folder/folder.ts'

/** A job with the run folder that it writes. */
export interface Planned extends Job {
  path: string
}

interface Line {
  name: string
  fits: number
  kept: number
  /** Seconds of one fit with everything around it. */
  each: number
}

function linesOf({ experiment, wanted, path }: Planned, fresh: boolean): Line[] {
  const folder = runPaths(path)
  const lines = new Map<string, Line>()
  for (const { row, seed } of fitsOf(experiment)) {
    if (!wanted(row, seed)) continue
    const name = rowName(row)
    const line = lines.get(name) ?? { name, fits: 0, kept: 0, each: secondsOf(row, experiment) }
    line.fits++
    if (!fresh && isMade({ experiment, folder }, row, seed)) line.kept++
    lines.set(name, line)
  }
  return [...lines.values()]
}

const left = ({ fits, kept, each }: Line) => (fits - kept) * each
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)

function experimentText(job: Planned, lines: Line[]): string {
  const { name, dataset, split, systems } = job.experiment
  const seeds = job.experiment.seeds.filter((seed) => systems.some((row) => job.wanted(row, seed)))
  const body = lines.map((line) => [
    `  ${line.name}`,
    `${line.fits} x ${duration(line.each)}`,
    line.kept === 0 ? '' : `${line.kept} there`,
    duration(left(line)),
  ])
  const head = `${name}: ${dataset}, ${split}, ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}; about ${duration(sum(lines.map(left)))}`
  return `${head}\n${align(body)}`
}

/**
 * What is going to be done and how long it takes on two cores: for each model of each experiment, and in sum.
 *
 * @param fresh what is there is going to be deleted
 */
export function planText(name: string, jobs: readonly Planned[], fresh = false): string {
  const plans = jobs.map((job) => ({ job, lines: linesOf(job, fresh) }))
  const all = plans.flatMap(({ lines }) => lines)
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`
  const kept = sum(all.map((line) => line.kept))
  const head = [
    `${name}: ${count(jobs.length, 'experiment')}, ${count(sum(all.map(({ fits }) => fits)), 'fit')}`,
    kept === 0 ? '' : ` (${kept} of them there already)`,
    `, about ${duration(sum(all.map(left)))} on two cores, less where training stops early.`,
  ].join('')
  return [...plans.map(({ job, lines }) => experimentText(job, lines)), head].join('\n')
}
