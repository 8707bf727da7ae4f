import { holm } from '@sparc/eval'
import { isAblation } from '../report/ablations.ts'
import { pValue } from '../report/format.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Claim, LedgerRow } from './claims.ts'
import { isLack, type Lack, type Measurement, measureClaim, NEEDS_TRUTH } from './measure-claim.ts'
import { decide, outcome } from './verdict.ts'

/**
 * The ledger, made by rule alone (see `decide`): p is corrected by Holm over every test of every run. Ablations are no evidence:
 * they are short trainings of parts, made to be held against each other.
 */
export async function judge(claims: readonly Claim[], saved: readonly SavedRun[]): Promise<LedgerRow[]> {
  const runs = saved.filter(({ run }) => !isAblation(run.experiment))
  const found: (Measurement | Lack)[] = []
  for (const [c, { test }] of claims.entries()) {
    if (runs.length === 0) found.push({ claim: c, lack: saved.length === 0 ? 'there is no run' : 'only ablations' })
    for (const run of runs) found.push(await measureClaim(run, c, test))
  }
  const measured = found.filter((each): each is Measurement => !isLack(each))
  const corrected = holm(measured.map(({ p }) => p))
  return claims.map(({ claim, source }, c) => {
    const mine = measured.flatMap((each, i) => (each.claim === c ? [{ ...each, corrected: corrected[i] }] : []))
    const lacks = found.flatMap((each) => (isLack(each) && each.claim === c ? [each.lack] : []))
    // Where one run is of a synthetic world, it is what that run lacks.
    const lack = lacks.find((each) => each !== NEEDS_TRUTH) ?? lacks[0] ?? ''
    const { verdict, why } = decide(mine, lack)
    return {
      claim,
      source,
      measured: mine.map((each) => `${outcome(each)}: ${each.text}, after Holm ${pValue(each.corrected)}`),
      verdict,
      why,
    }
  })
}
