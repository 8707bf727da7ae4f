import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CancelledError, TrainingError, writeFileAtomic } from '@sparc/tables'
import { experimentHash } from '../config/hash.ts'
import type { Wanted } from '../config/part.ts'
import type { Experiment } from '../config/schema.ts'
import type { Located } from '../data/locate.ts'
import { onInterrupt } from '../interrupt.ts'
import { ledgerSummary } from '../ledger/markdown.ts'
import { type RunOutcome, runExperiment } from '../pipeline/experiment.ts'
import { checkRow } from '../pipeline/systems.ts'
import { bars } from '../progress/bars.ts'
import { lines } from '../progress/lines.ts'
import type { Progress } from '../progress/progress.ts'
import { reportData } from '../report/build.ts'
import { reportPage } from '../report/page.ts'
import { runText } from '../report/run-text.ts'
import { emptyRun, openRunFolder, removeEmpty, runFolder } from '../run-folder/folder.ts'
import type { RunFile } from '../run-folder/results.ts'
import { tellKept } from '../supervised.ts'
import type { RunOptions } from './options.ts'

/** Bars on a terminal, lines elsewhere. */
export function consoleProgress(): Progress {
  const { stdout } = process
  return stdout.isTTY ? bars(stdout) : lines((line) => stdout.write(`${line}\n`))
}

function isFinished(path: string): boolean {
  const file = join(path, 'run.json')
  if (!existsSync(file)) return false
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as RunFile).finished !== undefined
  } catch {
    return false
  }
}

/**
 * The folder of a run: the one of `--run`, else one named by the experiment and a hash of its options. The first that is
 * not finished is taken, so that the same command resumes an interrupted run and begins a new one after a finished one.
 *
 * @throws InvalidInputError `RUN_OUTSIDE`
 */
export function runPath(experiment: Experiment, { out, run }: Pick<RunOptions, 'out' | 'run'>): string {
  if (run !== undefined) return runFolder(out, run)
  const base = join(out, `${experiment.name}-${experimentHash(experiment)}`)
  for (let number = 1; ; number++) {
    const path = number === 1 ? base : `${base}-${number}`
    if (!isFinished(path)) return path
  }
}

function stopped(what: string, cause: unknown): CancelledError {
  return new CancelledError('INTERRUPTED', { what, cause })
}

/** The one error that there was, or what the others say. */
function failed(failures: RunOutcome['failures']): unknown {
  if (failures.length < 2) return failures[0]?.error
  const texts = failures.map(({ name, error }) => `${name}: ${error instanceof Error ? error.message : error}`)
  return new TrainingError('SYSTEMS_FAILED', {
    what: `${failures.length} systems failed; the others are finished and kept`,
    given: texts.join(' | '),
    next: 'Mend what they say; the same command tries them again',
    cause: failures[0].error,
  })
}

/** One experiment, or a part of it, as it was asked for. */
export interface Sitting {
  experiment: Experiment
  located: Located
  /** The command that makes the whole of it again. */
  command: string
  wanted?: Wanted
}

/** Runs one experiment from its first or its interrupted state to its leaderboard. */
export async function sit({ experiment, located, command, wanted }: Sitting, options: RunOptions): Promise<string> {
  for (const row of experiment.systems) checkRow(row, experiment.fit.options)
  const path = runPath(experiment, options)
  const folder = await openRunFolder(path)
  const kept = () =>
    `Stopped. Finished systems and checkpoints are kept in ${path}; the same command goes on from there`
  tellKept(kept())
  const { signal, done } = onInterrupt(kept)
  const progress = consoleProgress()
  try {
    if (options.fresh) emptyRun(folder)
    const resumed = existsSync(folder.run)
    progress.say(`${experiment.name}: ${resumed ? 'goes on' : 'begins'} in ${path}`)
    const { run, rows, failures } = await runExperiment({
      experiment,
      located,
      folder,
      wanted,
      command,
      progress,
      signal,
    })
    if (rows.length === 0) throw failed(failures)
    const writing = progress.phase('report')
    const report = await reportData([{ paths: folder, run, rows }])
    await writeFileAtomic(folder.report, reportPage(report))
    writing.end(folder.report)
    progress.stop()
    process.stdout.write(`${runText(run, rows)}\n\n${ledgerSummary(report.ledger, path)}\n`)
    if (failures.length > 0) throw failed(failures)
    return path
  } catch (error) {
    progress.stop()
    if (signal.aborted) throw stopped(kept(), error)
    throw error
  } finally {
    done()
    await folder.lock.release()
    removeEmpty(path)
  }
}
