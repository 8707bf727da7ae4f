import { CancelledError } from '@sparc/tables'
import { configName, loadStudy } from '../config/load.ts'
import { bySplit, cutStudy } from '../config/part.ts'
import { locate } from '../data/locate.ts'
import { describeError } from '../errors.ts'
import { isMade } from '../pipeline/row.ts'
import { checkRow, checkSource, fitsOf } from '../pipeline/systems.ts'
import { runFolder, runPaths } from '../run-folder/folder.ts'
import { writeStudy } from '../run-folder/studies.ts'
import { checkFresh } from './fresh.ts'
import type { StudyOptions } from './options.ts'
import { type Planned, planText } from './plan.ts'
import { runPath, sit } from './sitting.ts'

/** What is finished needs its package or its lists no more. */
async function checkSources(jobs: readonly Planned[], fresh = false): Promise<void> {
  for (const { experiment, wanted, path } of jobs) {
    const folder = runPaths(path)
    for (const { row, seed } of fitsOf(experiment)) {
      if (wanted(row, seed) && (fresh || !isMade({ experiment, folder }, row, seed))) await checkSource(row)
    }
  }
}

/** `benchmark run CONFIG`: every experiment of a configuration, or a part, after saying how long that will take. */
export async function run(config: string, options: StudyOptions): Promise<void> {
  const study = bySplit(await loadStudy(config), options.split)
  for (const { systems, fit } of study.experiments) for (const row of systems) checkRow(row, fit.options)
  const several = study.experiments.length > 1
  const folder = runFolder(options.out, options.run ?? study.name)
  checkFresh({ ...options, run: options.run ?? (several ? study.name : undefined) })
  const jobs = cutStudy(study, options).map((job) => {
    const run = several ? `${options.run ?? study.name}/${job.experiment.name}` : options.run
    const located = locate(job.experiment.dataset, options.data, false)
    return { ...job, run, located, path: runPath(job.experiment, { ...options, run }) }
  })
  await checkSources(jobs, options.fresh)
  process.stdout.write(`${planText(study.name, jobs, options.fresh)}\n`)
  if (options.plan) return
  if (several) await writeStudy(study, folder)
  const command = `benchmark run ${configName(config)}${options.split === undefined ? '' : ` --split ${options.split}`}`
  const errors: unknown[] = []
  for (const { run, ...job } of jobs) {
    await sit({ ...job, command }, { ...options, run }).catch((error: unknown) => {
      if (CancelledError.isInstance(error)) throw error
      errors.push(error)
      if (jobs.length > 1) process.stderr.write(`${describeError(error, false)}\n`)
    })
  }
  if (errors.length > 0) throw errors[0]
}
