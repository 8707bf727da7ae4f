import type { Verdict } from './claims.ts'

/** Level below which p must be after Holm's correction over all tests of the ledger. */
const ALPHA = 0.05

/** Seeds that the protocol asks for before a claim is called reproduced. */
const SEEDS = 5

/** What is said of a test that stands on one seed. */
export const ONE_SEED = 'with one seed p knows nothing of what another seed would change'

/** What one run says of a claim. */
export interface Judged {
  /** Direction and size are as claimed. */
  holds: boolean
  /** p after Holm's correction. */
  corrected: number
  /** Why it does not hold, apart from p. */
  short: string
  /** Seeds that the test stands on, of the side that has fewer; infinite where no side depends on a seed. */
  seeds: number
  /** Better rivals that have too few seeds to be held against, in words. */
  passedOver: string[]
  /** Name of the run. */
  run: string
  /** Names its test users. */
  users: string
}

/** The rule in words, wherever the ledger is shown. */
export const rule =
  "Made by rule from the results: a claim is reproduced where each run that can test it has p < .05 after Holm's correction over all tests of the ledger, the claimed direction and at least the claimed size, and one of them has it on five seeds; where all have it and none on five seeds, it can't be told yet. Ablations are no evidence."

/** `1 seed`, `3 seeds`. */
export function seedCount(count: number): string {
  return `${count} seed${count === 1 ? '' : 's'}`
}

/** What one run says of a claim, in words: as claimed, or why not. */
export function outcome({ holds, corrected, short }: Judged): string {
  if (holds && corrected < ALPHA) return 'as claimed'
  return short || 'not significant'
}

/**
 * The rule. A claim is reproduced where each run that can test it has p < .05 after Holm's correction, the claimed direction and
 * at least the claimed size, and one of them has it on five seeds; where all have it and none on so many, it can't be told yet.
 */
export function decide(measured: readonly Judged[], lack: string): { verdict: Verdict; why: string } {
  if (measured.length === 0) return { verdict: 'not testable here', why: lack }
  const notes = `${seedNote(measured)}${passedOverNote(measured)}${sameUsersNote(measured)}`
  const bad = measured.filter((each) => outcome(each) !== 'as claimed')
  if (bad.length > 0) {
    const reasons = new Set(bad.map(outcome))
    const share = measured.length > 1 ? `in ${bad.length} of ${measured.length} runs: ` : ''
    return { verdict: 'not reproduced', why: `${share}${[...reasons].join('; ')}${notes}` }
  }
  const why = 'p < .05 after Holm, direction and size as claimed'
  if (measured.some(({ seeds }) => seeds >= SEEDS)) return { verdict: 'reproduced', why: `${why}${notes}` }
  return { verdict: 'not testable here', why: `${why}, but reproducing it takes ${seedCount(SEEDS)}${notes}` }
}

/** Where a test stands on fewer seeds than the protocol asks for. */
function seedNote(measured: readonly Judged[]): string {
  const few = measured.filter(({ seeds }) => seeds < SEEDS).map(({ seeds }) => seeds)
  if (few.length === 0) return ''
  const where = measured.length > 1 ? `in ${few.length} of ${measured.length} runs ` : ''
  const [least, most] = [Math.min(...few), Math.max(...few)]
  const count = least === most ? seedCount(least) : `${least} to ${most} seeds`
  return `; ${where}on ${count}${least === 1 ? `; ${ONE_SEED}` : ''}`
}

function passedOverNote(measured: readonly Judged[]): string {
  const names = measured.flatMap(({ passedOver }) => passedOver)
  return names.length === 0 ? '' : `; better than the rival, on too few seeds to be held against: ${names.join(', ')}`
}

/** Runs of the same users say the same twice over, whatever options differ. */
function sameUsersNote(measured: readonly Judged[]): string {
  const runs = new Map<string, string[]>()
  for (const { users, run } of measured) runs.set(users, [...(runs.get(users) ?? []), run])
  const same = [...runs.values()].filter((names) => names.length > 1)
  return same
    .map((names) => `; ${names.join(' and ')} have the same test users, and are no two pieces of evidence`)
    .join('')
}
