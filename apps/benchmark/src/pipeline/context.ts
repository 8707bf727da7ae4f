import type { Split } from '@sparc/eval'
import type { Table } from 'apache-arrow'
import type { Experiment } from '../config/schema.ts'
import type { Progress } from '../progress/progress.ts'
import type { RunFolder } from '../run-folder/folder.ts'
import type { Data } from './data.ts'
import type { Bench } from './measure.ts'
import type { Stopwatch } from './stopwatch.ts'

/** Says what holds for the whole run the first time that it shows. */
export function sayOnce({ said, progress }: Pick<Context, 'said' | 'progress'>, line: string): void {
  if (said.has(line)) return
  said.add(line)
  progress.say(`  ${line}`)
}

/** What every stage of a run may look at. */
export interface Context {
  experiment: Experiment
  folder: RunFolder
  data: Data
  split: Split
  /** The test cases without their answers: all that a model is handed. */
  queries: Table
  bench: Bench
  progress: Progress
  signal: AbortSignal
  watch: Stopwatch
  /** What has been said of the machine, so that it is said once. */
  said: Set<string>
}
