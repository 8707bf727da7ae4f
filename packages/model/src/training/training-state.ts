import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Csr,
  decodeSafetensors,
  encodeSafetensors,
  f32,
  InvalidFileError,
  InvalidInputError,
  openFolder,
  type Random,
  type SafeTensor,
  saveFolder,
} from '@sparc/tables'
import { z } from 'zod'
import type { EmbeddingTable } from '../embedding-table.ts'
import type { Network } from '../network.ts'
import type { Snapshots } from './snapshot.ts'

/** The layout of a checkpoint's folder. */
export const RUN_FORMAT = { format: 'sparc.training', version: 1 }

/** Where a run stands. */
export interface Progress {
  step: number
  /** Step of the last validation. */
  checked: number
  /** Best validation recall so far, -1 before the first. */
  recall: number
  /** Validations since the best one. */
  waited: number
  /** Seconds used, earlier parts of the run included. */
  seconds: number
}

/** What must be the same for a run to be continued. */
export interface RunIdentity {
  system: string
  options: object
  seed: number
  itemsKey: string
  /** Whether the run began anew, or went on from what a model had learned. */
  from: 'start' | 'current'
  /** Hash of the training sequences. */
  sequences: string
  /** Steps that the learning rate is planned for. */
  steps: number
  /** How states are compared, and on which cases. */
  validation?: { every: number; k: number; patience: number; cases: string }
}

/** All that a run consists of. */
export interface RunState {
  network: Network
  table: EmbeddingTable
  best: Snapshots
  /** Every source of random numbers that the run draws from, by name. */
  randoms: Record<string, Random>
  progress: Progress
}

/** Names data by its content. */
export function hashRows(...matrices: Csr[]): string {
  const hash = createHash('sha256')
  for (const { offsets, values } of matrices) {
    for (const { buffer, byteOffset, byteLength } of [offsets, values])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex').slice(0, 16)
}

const words = z.array(z.number())
const metaSchema = z.object({
  identity: z.record(z.string(), z.unknown()),
  progress: z.object({ step: z.int(), checked: z.int(), recall: z.number(), waited: z.int(), seconds: z.number() }),
  randoms: z.record(z.string(), words),
  bestStep: z.int().nullable(),
})

function named(prefix: string, arrays: Record<string, Float32Array>): Record<string, SafeTensor> {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [prefix + name, f32([data.length], data)]))
}

/** Saves the whole run, atomically: parameters, running means, random state, the best state so far. */
export async function saveRun(directory: string, identity: RunIdentity, run: RunState): Promise<void> {
  const { network, table, best, randoms, progress } = run
  const { list } = network.parameters
  const moments = (pick: 'first' | 'second') =>
    Object.fromEntries(list.map((parameter) => [parameter.name, parameter.moments[pick]]))
  const { held } = best
  await saveFolder(directory, {
    ...RUN_FORMAT,
    meta: {
      identity,
      progress,
      randoms: Object.fromEntries(Object.entries(randoms).map(([name, source]) => [name, source.state()])),
      bestStep: held?.step ?? null,
    },
    files: {
      'table.safetensors': () => encodeSafetensors(named('', { values: table.values, ...table.moments })),
      'dense.safetensors': () =>
        encodeSafetensors({
          ...named('values/', network.parameters.values()),
          ...named('first/', moments('first')),
          ...named('second/', moments('second')),
          ...named('state/', network.state?.() ?? {}),
        }),
      'best.safetensors': () =>
        encodeSafetensors({
          ...named('', held ? { rows: held.rows } : {}),
          ...named('dense/', held?.dense ?? {}),
          ...named('state/', held?.state ?? {}),
        }),
    },
  })
}

/** Arrays whose names begin with `prefix`, under the rest of their names. */
function under(tensors: Record<string, SafeTensor>, prefix: string): Record<string, Float32Array> {
  const found: Record<string, Float32Array> = {}
  for (const [name, { data }] of Object.entries(tensors)) {
    if (name.startsWith(prefix) && data instanceof Float32Array) found[name.slice(prefix.length)] = data
  }
  return found
}

function damaged(directory: string, missing: string): InvalidFileError {
  return new InvalidFileError('DAMAGED_RUN', {
    what: `The run saved in ${directory} is not complete, or was made by another version`,
    given: `no ${missing}`,
    next: 'Remove the checkpoint folder to begin anew.',
  })
}

function copyInto(target: Float32Array, source: Float32Array | undefined, what: string): void {
  if (source?.length === target.length) {
    target.set(source)
    return
  }
  throw new InvalidFileError('WRONG_SHAPE', {
    what: `The saved run does not fit this model: ${what}`,
    given: source ? `${source.length} numbers` : 'nothing',
    allowed: `${target.length} numbers`,
    next: 'Remove the checkpoint folder to begin anew.',
  })
}

/**
 * Puts a saved run back into `run`; false where the folder holds none.
 *
 * @throws InvalidInputError `OTHER_RUN` when it was saved with other options, data or seed
 * @throws InvalidFileError `DAMAGED_RUN`, and for damaged folders
 */
export async function restoreRun(directory: string, identity: RunIdentity, run: RunState): Promise<boolean> {
  if (!(await stat(join(directory, 'manifest.json')).catch(() => undefined))) return false
  const folder = await openFolder(directory, RUN_FORMAT)
  const parsed = metaSchema.safeParse(folder.meta)
  if (!parsed.success) throw damaged(directory, parsed.error.issues[0].path.join('.'))
  const meta = parsed.data
  for (const [key, wanted] of Object.entries(identity)) {
    const given = meta.identity[key]
    if (JSON.stringify(given ?? null) === JSON.stringify(wanted ?? null)) continue
    throw new InvalidInputError('OTHER_RUN', {
      what: `The run saved in ${directory} can't be continued: its ${key} is another`,
      given: JSON.stringify(wanted ?? null),
      allowed: JSON.stringify(given ?? null),
      next: 'Give the same options, data, budget and seed, or another checkpoint folder.',
    })
  }
  const tensors = async (name: string) => decodeSafetensors(await folder.read(name)).tensors
  const { network, table, best, randoms, progress } = run

  const rows = under(await tensors('table.safetensors'), '')
  copyInto(table.values, rows.values, 'its items')
  copyInto(table.moments.first, rows.first, 'running means of its items')
  copyInto(table.moments.second, rows.second, 'running means of its items')
  const dense = await tensors('dense.safetensors')
  network.restore?.(under(dense, 'state/'))
  network.parameters.restore(under(dense, 'values/'))
  const [first, second] = [under(dense, 'first/'), under(dense, 'second/')]
  for (const { name, moments } of network.parameters.list) {
    copyInto(moments.first, first[name], name)
    copyInto(moments.second, second[name], name)
  }
  const held = await tensors('best.safetensors')
  if (meta.bestStep !== null) {
    const state = under(held, 'state/')
    best.held = {
      step: meta.bestStep,
      rows: under(held, '').rows,
      dense: under(held, 'dense/'),
      state: Object.keys(state).length > 0 ? state : undefined,
    }
  }
  for (const [name, source] of Object.entries(randoms)) {
    if (!meta.randoms[name]) throw damaged(directory, `randoms.${name}`)
    source.restore(meta.randoms[name])
  }
  Object.assign(progress, meta.progress)
  return true
}
