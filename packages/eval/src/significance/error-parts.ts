import { mean, type PairedScores, type SeedScores, variance } from './paired-scores.ts'

/** One source of error of a difference. */
interface ErrorPart {
  /** What it adds to the variance of the difference. */
  variance: number
  /** Degrees of freedom with which that is known. */
  freedom: number
}

/** What the choice of cases adds: the variance of the differences over their number. */
export function casePart({ differences }: Pick<PairedScores, 'differences'>): ErrorPart {
  return { variance: variance(differences) / differences.length, freedom: differences.length - 1 }
}

/**
 * What the choice of seeds adds to the error of a difference, for each system that has several and whose seeds differ by more
 * than chance over cases: `max(0, var(seed means) - residual / cases) / seeds` (two-way random effects; Brennan,
 * Generalizability Theory, 2001).
 */
export function seedParts({ a, b }: Pick<PairedScores, 'a' | 'b'>): ErrorPart[] {
  return [a, b]
    .filter((seeds) => seeds.length > 1)
    .map((seeds) => ({ variance: seedVariance(seeds), freedom: seeds.length - 1 }))
    .filter((part) => part.variance > 0)
}

export function totalOf(parts: readonly ErrorPart[]): number {
  return parts.reduce((sum, part) => sum + part.variance, 0)
}

/** Degrees of freedom of the sum, `(sum v)^2 / sum(v^2 / freedom)` (Satterthwaite, Biometrics 1946); of the first part where all are 0. */
export function freedomOf(parts: readonly ErrorPart[]): number {
  const total = totalOf(parts)
  return total === 0 ? parts[0].freedom : total ** 2 / parts.reduce((sum, p) => sum + p.variance ** 2 / p.freedom, 0)
}

function seedVariance(seeds: SeedScores): number {
  const cases = seeds[0].length
  const seedMeans = seeds.map(mean)
  const grand = mean(seedMeans)
  let residual = 0
  for (let row = 0; row < cases; row++) {
    const caseMean = mean(seeds.map((scores) => scores[row]))
    for (let s = 0; s < seeds.length; s++) residual += (seeds[s][row] - caseMean - seedMeans[s] + grand) ** 2
  }
  const residualMean = residual / ((seeds.length - 1) * (cases - 1))
  return Math.max(0, variance(seedMeans) - residualMean / cases) / seeds.length
}
