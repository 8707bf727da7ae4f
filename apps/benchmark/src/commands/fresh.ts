import { InvalidInputError } from '@sparc/tables'
import type { Part } from '../config/part.ts'
import type { RunOptions } from './options.ts'

/**
 * `--fresh` deletes the whole folder of a run that is named: nothing else may look as if it did, or would lose what it does not
 * speak of.
 *
 * @throws InvalidInputError `FRESH_WITHOUT_RUN`, `FRESH_PART`
 */
export function checkFresh({ fresh, run, models, seeds }: Pick<RunOptions, 'fresh' | 'run'> & Part): void {
  if (!fresh) return
  if (run === undefined) {
    throw new InvalidInputError('FRESH_WITHOUT_RUN', {
      what: '--fresh deletes the folder of the run that --run names, and none is named',
      given: '--fresh without --run',
      allowed: '--run NAME --fresh',
      next: 'Name the run, or leave out --fresh: after a finished run a new one begins by itself',
    })
  }
  if (models === undefined && seeds === undefined) return
  throw new InvalidInputError('FRESH_PART', {
    what: '--fresh deletes every row and seed of an experiment, not only those that are asked for',
    given: [
      '--fresh',
      ...(models === undefined ? [] : [`--models ${models.join(',')}`]),
      ...(seeds === undefined ? [] : [`--seeds ${seeds.join(',')}`]),
    ].join(' '),
    allowed: '--fresh with whole experiments: --experiments, --datasets',
    next: 'To make one row or seed again, delete its folder (RUN/ROW, RUN/ROW/seed-N) and run the part without --fresh',
  })
}
