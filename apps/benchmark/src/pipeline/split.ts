import { type Split, splitByTime, splitByUser, splitLeaveOneOut } from '@sparc/eval'
import type { Dataset } from '@sparc/eval/datasets'
import { type Csr, csr, makeCases, type Random, random, readCases, readSequences, row } from '@sparc/tables'
import type { Table } from 'apache-arrow'
import { hashOf } from '../config/hash.ts'
import type { Experiment } from '../config/schema.ts'

const protocols: Record<Experiment['split'], (dataset: Dataset, seed: number) => Split> = {
  'by-user': (dataset, seed) => splitByUser(dataset, { seed, seen: 'history' }),
  'leave-one-out': (dataset) => splitLeaveOneOut(dataset),
  'by-time': (dataset) => splitByTime(dataset),
}

/** Second stage: what may be learned from, what chooses the state, and what is asked in the end. */
export function split(dataset: Dataset, experiment: Experiment): Split {
  const made = protocols[experiment.split](dataset, experiment.splitSeed)
  const some = (part: 'validation' | 'test', count: number | undefined) =>
    count === undefined ? made[part] : sample(made[part], count, random(experiment.splitSeed).fork(`${part} users`))
  return {
    ...made,
    validation: some('validation', experiment.validationUsers),
    test: some('test', experiment.testUsers),
  }
}

/** Eight digits that name exactly these parts. */
export function splitFingerprint({ train, validation, test }: Split): string {
  const sequences = readSequences(train)
  const plain = (rows: Csr) => [Array.from(rows.offsets), Array.from(rows.values)]
  const parts = [validation, test].map((cases) => {
    const { users, history, seen, targets } = readCases(cases)
    return [users, plain(history), plain(seen), plain(targets)]
  })
  return hashOf([sequences.users, plain(sequences.items), parts])
}

/** At most `count` cases, drawn at random, in their order. */
function sample(table: Table, count: number, draw: Random): Table {
  if (table.numRows <= count) return table
  const cases = readCases(table)
  const all = Int32Array.from({ length: table.numRows }, (_, r) => r)
  draw.shuffle(all)
  const kept = Array.from(all.subarray(0, count)).sort((a, b) => a - b)
  const some = (rows: Csr) => csr(kept.map((r) => row(rows, r)))
  const { users, history, seen, targets, timestamps, itemsKey } = cases
  return makeCases({
    users: kept.map((r) => users[r]),
    history: some(history),
    seen: some(seen),
    targets: some(targets),
    timestamps: timestamps && Float64Array.from(kept, (r) => timestamps[r]),
    itemsKey,
  })
}
