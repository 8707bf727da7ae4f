import type { LedgerRow } from '../ledger/claims.ts'
import type { Published } from './published.ts'

/** Everything that the page shows; nothing on it is computed in the browser but sorting and choosing. */
export interface ReportData {
  title: string
  runs: ReportRun[]
  ledger: LedgerRow[]
}

/** A metric as a column. */
export interface Column {
  key: string
  label: string
  better: 'higher' | 'lower' | 'neither'
  /** What its label stands for, where that is not plain. */
  about?: string
}

/** Mean and standard deviation over seeds; null where a metric has nothing to say. */
export interface Cell {
  mean: number | null
  sd: number | null
}

export interface ReportRow {
  name: string
  note: string
  /** For lists that an index found: how, in words. */
  searched?: string
  seeds: number
  steps: number
  fitSeconds: number
  scanned: number | null
  microseconds: number | null
  filtered: Record<string, Cell>
  unfiltered: Record<string, Cell>
}

/** One paired test between two rows. */
export interface SignificanceRow {
  a: string
  b: string
  metric: string
  difference: number
  low: number
  high: number
  p: number
  /** p after Holm's correction over all the tests of the table. */
  corrected: number
}

/** A row of an ablation: what it changes against the reference, and what that does. */
export interface Ablation {
  name: string
  change: string
  /** History filtered, by metric. */
  cells: Record<string, Cell>
  /** The reference against it in Recall@50; none for the reference itself. */
  test?: SignificanceRow
}

export interface ReportRun {
  id: string
  title: string
  about: string
  facts: [string, string][]
  phases: [string, number][]
  columns: Column[]
  rows: ReportRow[]
  significance: SignificanceRow[]
  /** Whom the tests are against where that is not whom the experiment names, and what they don't know, in sentences. */
  seedNote: string
  /** Empty where the rows are systems and not changes of one. */
  ablations: Ablation[]
  published: Published
  figures: Figure[]
  notes: string[]
  explorer?: Explorer
}

export interface Figure {
  title: string
  caption: string
  svg: string
}

/** What the interest explorer shows; items are rows of `items`. */
export interface Explorer {
  model: string
  items: { id: string; title: string; category: string }[]
  /** Empty in pages that go without anybody's history. */
  users: ExplorerUser[]
  codes: ExplorerCode[]
}

export interface ExplorerUser {
  id: string
  history: number[]
  targets: number[]
  /** `code` is null for the vector of the whole user, which is no interest. */
  interests: { code: number | null; probability: number; items: number[]; inHistory: boolean }[]
  /** The final list: item, and the code of the interest that scored it best; null for the vector of the whole user. */
  list: { item: number; code: number | null }[]
}

export interface ExplorerCode {
  code: number
  /** Items with this level-1 code. */
  size: number
  /** Nearest to the codeword first. */
  items: number[]
  /** Category, share of the code's items in it, and how many times its share in the whole catalogue that is. */
  categories: { name: string; share: number; lift: number }[]
  neighbours: { code: number; cosine: number }[]
}
