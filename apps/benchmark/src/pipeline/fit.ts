import type { FitData, FitEvent, FitReport, Recommender } from '@sparc/model'
import type { Experiment } from '../config/schema.ts'
import type { Phase } from '../progress/progress.ts'
import { number } from '../report/format.ts'
import type { TrainingLog } from '../run-folder/results.ts'

/** Steps between two checkpoints, from which a half-trained model is resumed. */
const CHECKPOINT_EVERY = 200

export interface FitJob {
  recommender: Recommender
  data: FitData
  experiment: Experiment
  seed: number
  /** Folder of the checkpoint. */
  checkpoint: string
  phase: Phase
  signal: AbortSignal
}

/** Third stage: trains one system, or resumes its training, and keeps what happened for the curves. */
export async function fit(job: FitJob): Promise<{ report: FitReport; log: TrainingLog }> {
  const { steps, seconds } = job.experiment.fit
  const log: TrainingLog = { steps: [], validation: [], codebook: [] }
  const report = await job.recommender.fit(job.data, {
    seed: job.seed,
    signal: job.signal,
    budget: steps === undefined && seconds === undefined ? undefined : { steps, seconds },
    checkpoint: { directory: job.checkpoint, every: CHECKPOINT_EVERY, resume: true },
    onEvent: watch(log, job.phase, seconds),
  })
  return { report, log }
}

function watch(log: TrainingLog, phase: Phase, limit: number | undefined): (event: FitEvent) => void {
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
