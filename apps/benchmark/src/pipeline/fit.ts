import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FitData, FitEvent, FitReport, Recommender } from '@sparc/model'
import { CancelledError, InvalidFileError } from '@sparc/tables'
import type { Experiment } from '../config/schema.ts'
import type { Phase } from '../progress/progress.ts'
import { number } from '../report/format.ts'
import { readJson } from '../run-folder/json.ts'
import type { TrainingLog } from '../run-folder/results.ts'

export interface FitJob {
  recommender: Recommender
  data: FitData
  experiment: Experiment
  seed: number
  /** Folder of the checkpoint; beside it lie a copy of the last one, should it be damaged, and what happened so far. */
  checkpoint: string
  phase: Phase
  signal: AbortSignal
  say(line: string): void
  /** Training pauses at the validation of this step: its checkpoint is kept, and another `fit` goes on from it. */
  pauseAt?: number
}

const GOES_ON = '  training goes on from the copy of the last good one'

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
  restoreLost(job)
  try {
    return await attempt(job)
  } catch (error) {
    if (!isDamage(error) || !existsSync(job.checkpoint)) throw error
    job.say(`  the checkpoint of ${job.recommender.name} is damaged (${error.code}: ${error.parts.what})`)
    rmSync(job.checkpoint, { recursive: true })
    if (existsSync(copyOf(job))) {
      job.say(GOES_ON)
      renameSync(copyOf(job), job.checkpoint)
      return fit(job)
    }
    job.say('  there is no other: training begins again')
    return attempt(job)
  }
}

/** Whether a file is not as it was written; one that could not be written says nothing of those that are there. */
function isDamage(error: unknown): error is InvalidFileError {
  return InvalidFileError.isInstance(error) && !['NO_SPACE', 'NOT_WRITABLE'].includes(error.code)
}

/**
 * Takes the copy where the checkpoint is gone or has lost its manifest: a trainer takes either for no checkpoint, and would begin
 * again without a word.
 */
function restoreLost(job: FitJob): void {
  const hasManifest = (folder: string) => existsSync(join(folder, 'manifest.json'))
  const [there, copy] = [existsSync(job.checkpoint), copyOf(job)]
  const lost = !there || (hasManifest(copy) && !hasManifest(job.checkpoint))
  if (!lost || !existsSync(copy)) return
  job.say(`  the checkpoint of ${job.recommender.name} ${there ? 'has no manifest.json' : 'is gone'}`)
  job.say(GOES_ON)
  rmSync(job.checkpoint, { recursive: true, force: true })
  renameSync(copy, job.checkpoint)
}

/** Removes the checkpoints of a system that is finished. */
export function dropCheckpoints(checkpoint: string): void {
  for (const path of [checkpoint, copyOf({ checkpoint }), freshOf({ checkpoint }), logOf({ checkpoint })]) {
    rmSync(path, { recursive: true, force: true })
  }
}

function copyOf({ checkpoint }: Pick<FitJob, 'checkpoint'>): string {
  return `${checkpoint}-copy`
}

/** A copy that is being made; a kill may leave it. */
function freshOf({ checkpoint }: Pick<FitJob, 'checkpoint'>): string {
  return `${checkpoint}-copy-new`
}

function logOf({ checkpoint }: Pick<FitJob, 'checkpoint'>): string {
  return `${checkpoint}-log.json`
}

/** What happened before the checkpoint that training goes on from, which may be older than the log by a few events. */
async function logSoFar(job: FitJob): Promise<TrainingLog> {
  const kept = existsSync(job.checkpoint) ? await readJson<TrainingLog>(logOf(job)) : undefined
  return kept ?? { steps: [], validation: [], codebook: [] }
}

async function attempt(job: FitJob): Promise<Fitted> {
  const { steps, seconds, checkpointEvery: every } = job.experiment.fit
  const log = await logSoFar(job)
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
        if (event.type === 'checkpoint') keepCopy(job, log)
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

/** Whole under a name of its own first, so that a kill leaves the old copy and log or the new ones. */
function keepCopy(job: FitJob, log: TrainingLog): void {
  writeFileSync(`${logOf(job)}-new`, JSON.stringify(log))
  renameSync(`${logOf(job)}-new`, logOf(job))
  const fresh = freshOf(job)
  rmSync(fresh, { recursive: true, force: true })
  cpSync(job.checkpoint, fresh, { recursive: true })
  rmSync(copyOf(job), { recursive: true, force: true })
  renameSync(fresh, copyOf(job))
}

/** Adds what happened at a step; what a run that was stopped had seen at this step and after it, happens again. */
function add<T extends { step: number }>(entries: T[], entry: T): void {
  while (entries.length > 0 && entries[entries.length - 1].step >= entry.step) entries.pop()
  entries.push(entry)
}

function watcher(log: TrainingLog, phase: Phase, limit: number | undefined): (event: FitEvent) => void {
  let note = ''
  let reached = 0
  return (event) => {
    if (event.type === 'step') {
      add(log.steps, { step: event.step, loss: event.loss, parts: event.parts })
      reached = Math.min(1, Math.max(event.step / event.steps, limit === undefined ? 0 : event.seconds / limit))
      phase.update(reached, `step ${event.step}/${event.steps} loss ${event.loss.toFixed(3)}${note}`)
    } else if (event.type === 'phase') {
      // What is computed and not trained has no steps, and says how far it is in words alone: `round 2 of 15`.
      const [done, all] =
        event.phase
          .match(/(\d+) of (\d+)/)
          ?.slice(1)
          .map(Number) ?? []
      phase.update(all > 0 ? Math.min(1, done / all) : reached, event.phase)
    } else if (event.type === 'validation') {
      add(log.validation, { step: event.step, recall: event.recall, seconds: event.seconds })
      note = ` validation R@${event.k} ${number(event.recall)}`
    } else if (event.type === 'codebook') {
      add(log.codebook, {
        step: event.step,
        usage: event.levels.map((level) => level.usage),
        perplexity: event.levels.map((level) => level.perplexity),
        largest: event.levels.map((level) => level.largest),
      })
    }
  }
}
