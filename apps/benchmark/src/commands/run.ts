import type { RunOptions } from '../cli.ts'
import { loadStudy } from '../config/load.ts'
import { locate } from '../data/locate.ts'
import { estimate } from '../pipeline/estimate.ts'
import { checkRow } from '../pipeline/systems.ts'
import { duration } from '../progress/duration.ts'
import { sit } from './sitting.ts'

/** `benchmark run CONFIG`: every experiment of a configuration, after saying how long that will take. */
export async function run(config: string, options: RunOptions): Promise<void> {
  const study = await loadStudy(config)
  const jobs = study.experiments.map((experiment) => {
    for (const row of experiment.systems) checkRow(row, experiment.fit.options)
    return { experiment, located: locate(experiment.dataset, options.data, false) }
  })
  const several = jobs.length > 1
  const seconds = jobs.reduce((sum, { experiment }) => sum + estimate(experiment), 0)
  process.stdout.write(
    `${study.name}: ${jobs.length} experiment${several ? 's' : ''}, about ${duration(seconds)} on two cores.\n`,
  )
  for (const { experiment, located } of jobs) {
    const name = options.run ?? study.name
    const run = several ? `${name}/${experiment.name}` : options.run
    const command = `benchmark run ${config.replace(/^.*[\\/]/, '').replace(/\.json$/, '')}`
    await sit(experiment, located, { ...options, run }, command)
  }
}
