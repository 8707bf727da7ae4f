import { join } from 'node:path'
import { builtInConfigs, loadStudy } from '../config/load.ts'
import { dataRoot, datasetsIn } from '../data/locate.ts'
import { fitsOf, isLearned, systemNames } from '../pipeline/systems.ts'
import { align } from '../report/text.ts'
import { readRun, runNames } from '../run-folder/saved-runs.ts'

/** `benchmark list`: what there is. */
export async function list({ data, out }: { data?: string; out: string }): Promise<void> {
  const configs = await Promise.all(
    builtInConfigs().map(async (name) => {
      const { experiments, about } = await loadStudy(name)
      const runs = experiments.reduce((sum, each) => sum + fitsOf(each).length, 0)
      return {
        cells: [`  ${name}`, `${runs} fits`, experiments.length > 1 ? `${experiments.length} experiments` : ''],
        about,
      }
    }),
  )
  const root = dataRoot(data)
  const runs = await Promise.all(
    runNames(out).map(async (name) => {
      const run = await readRun(join(out, name)).catch(() => undefined)
      if (run === undefined) return `  ${name}: damaged, its run.json is not whole`
      return `  ${name}: ${run.dataset.name}, ${run.finished === undefined ? 'not finished' : 'finished'}`
    }),
  )
  const found = [...datasetsIn(root), 'synthetic'].map((name) => `  ${name}`)
  const systems = systemNames.map((name) => `  ${name}${isLearned(name) ? '' : ' (nothing to train)'}`)
  const text = [
    'Configurations (benchmark run NAME)',
    ...align(configs.map(({ cells }) => cells))
      .split('\n')
      .map((line, i) => `${line}  ${configs[i].about}`),
    '',
    `Data sets (--dataset NAME)${root === undefined ? ': no data folder was found' : ''}`,
    ...found,
    '',
    'Systems (--models NAMES)',
    ...systems,
    '',
    `Runs in ${out}`,
    ...(runs.length > 0 ? runs : ['  none yet']),
  ]
  process.stdout.write(`${text.join('\n')}\n`)
}
