import type { Leaderboard, LeaderboardCell } from './leaderboard.ts'

type Board = Pick<Leaderboard, 'columns' | 'rows' | 'digits' | 'caption' | 'legend'>

/** `.1234 ± .0012`, with the zero before the point left out as tables of the field do. */
function number({ mean, deviation }: LeaderboardCell, digits: number): string {
  if (mean === null) return '-'
  const short = (value: number) => value.toFixed(digits).replace(/^(-?)0\./, '$1.')
  return deviation === null ? short(mean) : `${short(mean)} ± ${short(deviation)}`
}

function dagger({ significant }: LeaderboardCell): string {
  if (significant === null) return ''
  return significant === 'above' ? '†' : '‡'
}

/** Fixed-width text. Deviations and marks have places of their own, so that points stand below each other. */
export function leaderboardText({ columns, rows, digits, caption, legend }: Board): string {
  const head = ['', ...columns.map(({ title }) => `${title}  `)]
  const deviationWidth = columns.map((_, at) =>
    Math.max(...rows.map(({ cells }) => number(cells[at], digits).length - number(onlyMean(cells[at]), digits).length)),
  )
  const body = rows.map(({ label, cells }) => [
    label,
    ...cells.map((cell, at) => {
      const place = cell.place === 1 ? '*' : cell.place === 2 ? '+' : ' '
      const pad = cell.deviation === null ? ' '.repeat(deviationWidth[at]) : ''
      return `${number(cell, digits)}${pad}${place}${dagger(cell) || ' '}`
    }),
  ])
  const widths = head.map((title, at) => Math.max(title.length, ...body.map((line) => line[at].length)))
  const line = (parts: string[]) =>
    parts.map((part, at) => (at === 0 ? part.padEnd(widths[0]) : part.padStart(widths[at]))).join('  ')
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const marked = legend && rows.some(({ cells }) => cells.some((cell) => cell.place !== null))
  const notes = [marked ? '* best, + second best.' : '', caption].filter((note) => note !== '').join(' ')
  return [line(head), rule, ...body.map(line), ...(notes === '' ? [] : ['', notes])]
    .map((text) => text.trimEnd())
    .join('\n')
}

function onlyMean(cell: LeaderboardCell): LeaderboardCell {
  return { ...cell, deviation: null }
}

/** GitHub's Markdown. */
export function leaderboardMarkdown({ columns, rows, digits, caption }: Board): string {
  const cellSafe = (text: string) => text.replaceAll('|', '\\|')
  const line = (parts: string[]) => `| ${parts.join(' | ')} |`
  const cellText = (cell: LeaderboardCell) => {
    const text = number(cell, digits)
    const marked = cell.place === 1 ? `**${text}**` : cell.place === 2 ? `<ins>${text}</ins>` : text
    return `${marked}${dagger(cell)}`
  }
  return [
    line(['', ...columns.map(({ title }) => cellSafe(title))]),
    line(['---', ...columns.map(() => '---:')]),
    ...rows.map(({ label, cells }) => line([cellSafe(label), ...cells.map(cellText)])),
    ...(caption === '' ? [] : ['', caption]),
  ].join('\n')
}

/** Comma-separated values with full precision, for other programs. */
export function leaderboardCsv({ columns, rows }: Board): string {
  const quote = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  // Most tables have no tests, and a value for every seed: there these columns would say nothing.
  const counted = columns.map((_, at) => rows.some(({ seeds, cells }) => cells[at].seeds !== seeds))
  const parts = (at: number, mean: unknown, deviation: unknown, seeds: unknown, significant: unknown) => [
    mean ?? '',
    deviation ?? '',
    ...(counted[at] ? [seeds] : []),
    ...(columns[at].tested ? [significant ?? ''] : []),
  ]
  const head = columns.flatMap(({ name }, at) =>
    parts(at, name, `${name} deviation`, `${name} seeds`, `${name} significant`),
  )
  const lines = rows.map(({ name, seeds, cells }) => [
    name,
    seeds,
    ...cells.flatMap((cell, at) => parts(at, cell.mean, cell.deviation, cell.seeds, cell.significant)),
  ])
  return [['system', 'seeds', ...head], ...lines]
    .map((line) => `${line.map((part) => quote(String(part))).join(',')}\n`)
    .join('')
}
