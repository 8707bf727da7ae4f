import { holm } from '@sparc/eval'
import { isAblation } from '../report/ablations.ts'
import { pValue } from '../report/format.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Claim, LedgerRow } from './claims.ts'
import { type Evidence, isLack, type Measurement, measureClaim, NEEDS_TRUTH } from './measure-claim.ts'
import { decide, outcome } from './verdict.ts'

/**
 * What a run says of each claim, before any correction. Ablations say nothing: they are short trainings of parts, made to be held against each
 * other.
 */
export async function evidenceOf(claims: readonly Claim[], saved: SavedRun): Promise<Evidence[]> {
  const found: Evidence[] = []
  if (isAblation(saved.run.experiment)) return found
  for (const { claim, test } of claims) found.push(await measureClaim(saved, claim, test))
  return found
}

/** The verdicts, made by rule alone (see `decide`): p is corrected by Holm over every test of every run. */
export function verdicts(claims: readonly Claim[], found: readonly Evidence[], nothing: string): LedgerRow[] {
  const asked = new Set(claims.map(({ claim }) => claim))
  const measured = found.filter((each): each is Measurement => !isLack(each) && asked.has(each.claim))
  const corrected = holm(measured.map(({ p }) => p))
  return claims.map(({ claim, source }) => {
    const mine = measured.flatMap((each, i) => (each.claim === claim ? [{ ...each, corrected: corrected[i] }] : []))
    const lacks = found.flatMap((each) => (isLack(each) && each.claim === claim ? [each.lack] : []))
    // Where one run is of a synthetic world, it is what that run lacks.
    const lack = lacks.find((each) => each !== NEEDS_TRUTH) ?? lacks[0] ?? nothing
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

/** The ledger of some runs. */
export async function judge(claims: readonly Claim[], saved: readonly SavedRun[]): Promise<LedgerRow[]> {
  const found: Evidence[] = []
  for (const run of saved) found.push(...(await evidenceOf(claims, run)))
  return verdicts(claims, found, saved.length === 0 ? 'there is no run' : 'only ablations')
}
