import { holm } from '@sparc/eval'
import { isAblation } from '../report/ablations.ts'
import { pValue } from '../report/format.ts'
import type { RunFile } from '../run-folder/results.ts'
import type { SavedRun } from '../run-folder/saved-runs.ts'
import type { Claim, LedgerRow } from './claims.ts'
import { asksForTruth, type Evidence, isLack, type Measurement, measureClaim, NEEDS_TRUTH } from './measure-claim.ts'
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

const NOT_ASKED = 'was exported before this was asked'

/** What an exported run lacks of the claims that it has the row for, as nobody asked it when it was exported. */
export function notAsked(
  claims: readonly Claim[],
  { run, rows, evidence }: { run: RunFile; rows: readonly { name: string }[]; evidence: readonly Evidence[] },
): Evidence[] {
  if (isAblation(run.experiment)) return []
  const [asked, there] = [new Set(evidence.map(({ claim }) => claim)), new Set(rows.map(({ name }) => name))]
  return claims.flatMap(({ claim, test }) => {
    if (asked.has(claim) || test.kind === 'online' || asksForTruth(test) || !there.has(test.row)) return []
    return { claim, lack: `${run.experiment.name} ${NOT_ASKED}` }
  })
}

/** The verdicts, made by rule alone (see `decide`): p is corrected by Holm over every test of every run. */
export function verdicts(claims: readonly Claim[], found: readonly Evidence[], nothing: string): LedgerRow[] {
  const asked = new Set(claims.map(({ claim }) => claim))
  const measured = found.filter((each): each is Measurement => !isLack(each) && asked.has(each.claim))
  const corrected = holm(measured.map(({ p }) => p))
  return claims.map(({ claim, source }) => {
    const mine = measured.flatMap((each, i) => (each.claim === claim ? [{ ...each, corrected: corrected[i] }] : []))
    const lacks = found.flatMap((each) => (isLack(each) && each.claim === claim ? [each.lack] : []))
    // Where one run is of a synthetic world, it is what that run lacks; one that could answer says more than those that can't.
    const lack =
      lacks.find((each) => each.endsWith(NOT_ASKED)) ??
      lacks.find((each) => each !== NEEDS_TRUTH) ??
      lacks[0] ??
      nothing
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
