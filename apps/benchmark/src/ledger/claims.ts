/** Who a claim is made against: one row, or the best of other systems in this very metric (see `chooseRival`). */
export type Rival = { row: string } | { bestOf: 'learned' | 'all' }

/** How a claim is tested. */
export type Test =
  /** A metric of each test user, compared in pairs; `by` is the claimed gain as a share of the rival's value. */
  | { kind: 'users'; row: string; than: Rival; metric: string; by?: number }
  /** One number for a whole run, compared over seeds. */
  | { kind: 'seeds'; row: string; than: Rival; metric: string; by?: number }
  /** A metric of each test user against a number that it should be above. */
  | { kind: 'above'; row: string; metric: string; bound: number }
  /** Agreement of level-1 codes with the true interests of a synthetic world, against shuffled codes. */
  | { kind: 'truth'; row: string }
  | { kind: 'online' }

/** A claim, and where it is made. */
export interface Claim {
  claim: string
  source: string
  test: Test
}

export type Verdict = 'reproduced' | 'not reproduced' | 'not testable here'

/** One line of the ledger. */
export interface LedgerRow {
  claim: string
  source: string
  /** What each run says of it. */
  measured: string[]
  verdict: Verdict
  why: string
}

const sparc = 'SPARC, arXiv 2508.09090'
const gemirec = 'GemiRec, arXiv 2510.14626'
const project = 'this project'

const users = (row: string, than: Rival, metric: string, by?: number): Test => ({
  kind: 'users',
  row,
  than,
  metric,
  by,
})
const learned: Rival = { bestOf: 'learned' }
const all: Rival = { bestOf: 'all' }

/** The claims of the papers, and this project's own questions. The verdicts are made by rule, see `judge`. */
export const claims: Claim[] = [
  { claim: 'SPARC: Recall@20 above strong baselines', source: sparc, test: users('sparc', all, 'recall@20') },
  { claim: 'SPARC: NDCG@20 above strong baselines', source: sparc, test: users('sparc', all, 'ndcg@20') },
  { claim: 'SPARC: Recall@50 above strong baselines', source: sparc, test: users('sparc', all, 'recall@50') },
  { claim: 'SPARC: NDCG@50 above strong baselines', source: sparc, test: users('sparc', all, 'ndcg@50') },
  {
    claim: 'SPARC: long-tail Recall@50 24.2 % above the best learned baseline',
    source: sparc,
    test: users('sparc', learned, 'long-tail/recall@50', 0.242),
  },
  {
    claim: 'SPARC: cold-start NDCG@50 11.84 % above the best learned baseline',
    source: sparc,
    test: users('sparc', learned, 'cold-users/ndcg@50', 0.1184),
  },
  {
    claim: 'SPARC: higher coverage of the catalogue',
    source: sparc,
    test: { kind: 'seeds', row: 'sparc', than: learned, metric: 'coverage@50' },
  },
  {
    claim: 'SPARC: higher diversity inside a list, by category',
    source: sparc,
    test: users('sparc', learned, 'leafDiversity@50'),
  },
  {
    claim: 'SPARC: higher diversity inside a list, by training co-occurrence',
    source: sparc,
    test: users('sparc', learned, 'coOccurrenceDiversity@50'),
  },
  {
    claim: 'Joint training beats a frozen codebook',
    source: sparc,
    test: users('sparc', { row: 'sparc-frozen' }, 'recall@50'),
  },
  {
    claim: 'Soft search finds interests that the history does not show',
    source: sparc,
    test: users('sparc', { row: 'sparc-hard' }, 'unseen-interests/recall@50'),
  },
  { claim: 'SPARC: PV500 +22.7 %', source: sparc, test: { kind: 'online' } },
  { claim: 'SPARC: page views +0.4 %', source: sparc, test: { kind: 'online' } },
  { claim: 'SPARC: view duration +0.9 %', source: sparc, test: { kind: 'online' } },
  {
    claim: 'GemiRec: interests do not collapse (1 - mean cosine of a user\u2019s vectors stays above .1)',
    source: gemirec,
    test: { kind: 'above', row: 'gemirec', metric: 'interests/distance', bound: 0.1 },
  },
  {
    claim: 'GemiRec: the interests of a user stay further apart than ComiRec\u2019s',
    source: project,
    test: users('gemirec', { row: 'comirec-sa' }, 'interests/distance'),
  },
  {
    claim: 'GemiRec: generated interests beat interests taken from the history',
    source: gemirec,
    test: users('gemirec', { row: 'gemirec-history' }, 'recall@50'),
  },
  {
    claim: 'GemiRec: Recall@50 above ComiRec-SA',
    source: gemirec,
    test: users('gemirec', { row: 'comirec-sa' }, 'recall@50'),
  },
  {
    claim: 'GemiRec: Recall@50 above ComiRec-DR',
    source: gemirec,
    test: users('gemirec', { row: 'comirec-dr' }, 'recall@50'),
  },
  { claim: 'GemiRec: Recall@50 above MIND', source: gemirec, test: users('gemirec', { row: 'mind' }, 'recall@50') },
  {
    claim: 'The interests help: SPARC above its own network with one codeword, Recall@50',
    source: project,
    test: users('sparc', { row: 'sparc-control' }, 'recall@50'),
  },
  {
    claim: 'Several interests help: ComiRec-SA above one attention-pooled vector, Recall@50',
    source: project,
    test: users('comirec-sa', { row: 'attention' }, 'recall@50'),
  },
  {
    claim: 'SPARC gives more of its lists to interests that nothing in the log shows yet (synthetic world)',
    source: project,
    test: { kind: 'seeds', row: 'sparc', than: all, metric: 'fresh-interests/precision@50' },
  },
  {
    claim: 'Codes stand for interests: level-1 codes agree with the true ones of a synthetic world',
    source: project,
    test: { kind: 'truth', row: 'sparc' },
  },
]
