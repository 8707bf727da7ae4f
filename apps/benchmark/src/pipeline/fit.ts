import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import type { FitData, FitEvent, FitReport, Recommender } from '@sparc/model'
import { CancelledError, InvalidFileError } from '@sparc/tables'
import type { Experiment } from '../config/schema.ts'
import type { Phase } from '../progress/progress.ts'
import { number } from '../report/format.ts'
import type { TrainingLog } from '../run-folder/results.ts'

export interface FitJob {
  recommender: Recommender
  data: FitData
  experiment: Experiment
  seed: number
  /** Folder of the checkpoint; a copy of the last one lies beside it, should it be damaged. */
  checkpoint: string
  phase: Phase
  signal: AbortSignal
  say(line: string): void
  /** Training pauses at the validation of this step: its checkpoint is kept, and another `fit` goes on from it. */
  pauseAt?: number
}

/** What came of one training. */
export interface Fitted {
  /** Absent where training paused. */
  report?: FitReport
  log: TrainingLog
}

/** Third stage: trains one system, or resumes its training, and keeps what happened for the curves. */
export async function fit(job: FitJob & { pauseAt?: undefined }): Promise<Required<Fitted>>
export async function fit(job: FitJob): Promise<Fitted>
export async function fit(job: FitJob): Promise<Fitted> {
  try {
    return await attempt(job)
  } catch (error) {
    if (!InvalidFileError.isInstance(error) || !existsSync(job.checkpoint)) throw error
    job.say(`  the checkpoint of ${job.recommender.name} is damaged (${error.code}: ${error.parts.what})`)
    rmSync(job.checkpoint, { recursive: true })
    if (existsSync(copyOf(job))) {
      job.say('  training goes on from the copy of the last good one')
      renameSync(copyOf(job), job.checkpoint)
      return fit(job)
    }
    job.say('  there is no other: training begins again')
    return attempt(job)
  }
}

/** Removes the checkpoints of a system that is finished. */
export function dropCheckpoints(checkpoint: string): void {
  rmSync(checkpoint, { recursive: true, force: true })
  rmSync(copyOf({ checkpoint }), { recursive: true, force: true })
}

function copyOf({ checkpoint }: Pick<FitJob, 'checkpoint'>): string {
  return `${checkpoint}-copy`
}

async function attempt(job: FitJob): Promise<Fitted> {
  const { steps, seconds, checkpointEvery: every } = job.experiment.fit
  const log: TrainingLog = { steps: [], validation: [], codebook: [] }
  const watch = watcher(log, job.phase, seconds)
  const pause = new AbortController()
  const { pauseAt = Number.POSITIVE_INFINITY } = job
  try {
    const report = await job.recommender.fit(job.data, {
      seed: job.seed,
      signal: AbortSignal.any([job.signal, pause.signal]),
      budget: steps === undefined && seconds === undefined ? undefined : { steps, seconds },
      checkpoint: { directory: job.checkpoint, every, resume: true },
      onEvent(event) {
        watch(event)
        if (event.type === 'checkpoint') keepCopy(job)
        // Steps beyond are those of a training that was stopped just there, and resumed.
        if (event.type === 'validation' && event.step >= pauseAt) pause.abort()
        if (event.type === 'step' && event.step > pauseAt) pause.abort()
      },
    })
    return { report, log }
  } catch (error) {
    if (pause.signal.aborted && !job.signal.aborted && CancelledError.isInstance(error)) return { log }
    throw error
  }
}

/** A whole copy under a name of its own first, so that a kill leaves the old copy or the new one. */
function keepCopy(job: FitJob): void {
  const fresh = `${copyOf(job)}-new`
  rmSync(fresh, { recursive: true, force: true })
  cpSync(job.checkpoint, fresh, { recursive: true })
  rmSync(copyOf(job), { recursive: true, force: true })
  renameSync(fresh, copyOf(job))
}

function watcher(log: TrainingLog, phase: Phase, limit: number | undefined): (event: FitEvent) => void {
  let note = ''
  return (event) => {
    if (event.type === 'step') {
      log.steps.push({ step: event.step, loss: event.loss, parts: event.parts })
      const fraction = Math.max(event.step / event.steps, limit === undefined ? 0 : event.seconds / limit)
      phase.update(Math.min(1, fraction), `step ${event.step}/${event.steps} loss ${event.loss.toFixed(3)}${note}`)
    } else if (event.type === 'validation') {
      log.validation.push({ step: event.step, recall: event.recall, seconds: event.seconds })
      note = ` validation R@${event.k} ${number(event.recall)}`
    } else if (event.type === 'codebook') {
      log.codebook.push({
        step: event.step,
        usage: event.levels.map((level) => level.usage),
        perplexity: event.levels.map((level) => level.perplexity),
        largest: event.levels.map((level) => level.largest),
      })
    }
  }
}
