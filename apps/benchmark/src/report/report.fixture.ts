import type { Cell, ReportData, ReportRow } from './data.ts'

const cells = (recall: number, coverage: number): Record<string, Cell> => ({
  'recall@50': { mean: recall, sd: 0.001 },
  'coverage@50': { mean: coverage, sd: null },
})

function row(name: string, recall: number, coverage: number): ReportRow {
  return {
    name,
    note: name === 'sparc' ? 'per-code shards, faiss' : '',
    seeds: 3,
    steps: 1500,
    fitSeconds: 75,
    scanned: name === 'sparc' ? 0.08 : null,
    microseconds: 120,
    filtered: cells(recall, coverage),
    unfiltered: cells(recall - 0.01, coverage),
  }
}

/** A page with everything on it, of made-up numbers and awkward names. */
export const madeUp: ReportData = {
  title: 'Benchmark: <b>made up</b> & "quoted"',
  runs: [
    {
      id: 'run-made-up',
      title: 'made-up, by user',
      about: 'Numbers for a test.',
      facts: [
        ['data', 'made-up: 3 users'],
        ['command', 'npm start -- --smoke'],
      ],
      phases: [
        ['data', 2],
        ['fit', 75],
      ],
      columns: [
        { key: 'recall@50', label: 'R@50', better: 'higher' },
        { key: 'coverage@50', label: 'cov@50', better: 'higher' },
      ],
      rows: [row('popularity', 0.05, 0.004), row('sparc', 0.16, 0.9), row('item-knn', 0.13, 0.98)],
      significance: [
        {
          a: 'sparc',
          b: 'item-knn',
          metric: 'recall@50',
          difference: 0.03,
          low: 0.02,
          high: 0.04,
          p: 1e-5,
          corrected: 2e-5,
        },
        {
          a: 'sparc',
          b: 'popularity',
          metric: 'recall@50',
          difference: 0.11,
          low: 0.1,
          high: 0.12,
          p: 0.3,
          corrected: 0.3,
        },
      ],
      seedNote: 'One seed of sparc.',
      ablations: [],
      published: [
        {
          name: 'Others <1>',
          source: 'A paper, table 2',
          history: 'filtered',
          metrics: { 'recall@50': 0.21, 'ndcg@10': 0.1 },
        },
        { name: 'More', source: 'Software 1.0', history: 'not said', metrics: { 'recall@50': 0.2 } },
      ],
      figures: [
        {
          title: 'A figure',
          caption: 'Of nothing.',
          svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"></svg>',
        },
      ],
      notes: ['A note.'],
      explorer: {
        model: 'sparc',
        items: [
          { id: 'a', title: 'Nail <polish>', category: 'Nails' },
          { id: 'b', title: '', category: '' },
          { id: 'c', title: 'Shampoo </script>', category: 'Hair' },
        ],
        users: [
          {
            id: 'ann',
            history: [0],
            targets: [2],
            interests: [
              { code: 7, probability: 0.75, items: [2, 1], inHistory: false },
              { code: 3, probability: 0.25, items: [1], inHistory: true },
            ],
            list: [
              { item: 2, code: 7 },
              { item: 1, code: 3 },
            ],
          },
          {
            id: 'bob',
            history: [1],
            targets: [0],
            interests: [{ code: 3, probability: 1, items: [0], inHistory: true }],
            list: [{ item: 0, code: 3 }],
          },
        ],
        codes: [
          {
            code: 3,
            size: 2,
            items: [0, 1],
            categories: [{ name: 'Nails', share: 1, lift: 2 }],
            neighbours: [{ code: 7, cosine: 0.4 }],
          },
          { code: 7, size: 1, items: [2], categories: [], neighbours: [{ code: 3, cosine: 0.4 }] },
        ],
      },
    },
  ],
  ledger: [
    {
      claim: 'A claim',
      source: 'a paper',
      measured: ['recall@50 .16 against .13'],
      verdict: 'reproduced',
      why: 'p < .05',
    },
    { claim: 'Another', source: 'a paper', measured: [], verdict: 'not testable here', why: 'online' },
  ],
}
