// Recall against time per query, one query alone and in batches, as an SVG.
import type { Measured } from './measure.ts'

const COLOURS = ['#1b6ca8', '#888888', '#2a9d5c', '#c8553d', '#7a5ea8']
const WIDTH = 420
const HEIGHT = 300
const MARGIN = { left: 60, right: 16, top: 36, bottom: 44 }

type Curves = readonly (readonly Measured[])[]

/** Two panels side by side, with a legend below. */
export function plot(curves: Curves): string {
  const panels = [
    panel(curves, 'One query at a time', ({ singleUs }) => singleUs, 0),
    panel(curves, 'In batches of 1,000', ({ batchUs }) => batchUs, WIDTH),
  ]
  const legend = curves.map((points, i) => {
    const y = HEIGHT + 18 + 18 * i
    return `<circle cx="70" cy="${y - 4}" r="4" fill="${COLOURS[i]}"/><text x="82" y="${y}">${points[0].index}</text>`
  })
  const height = HEIGHT + 30 + 18 * curves.length
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>Recall against microseconds a query</title>
<rect width="${2 * WIDTH}" height="${height}" fill="white"/>
${panels.join('\n')}
${legend.join('\n')}
</svg>
`
}

function panel(curves: Curves, title: string, value: (point: Measured) => number, left: number): string {
  const points = curves.flat()
  const lowest = Math.floor(Math.min(...points.map(({ recall }) => recall)) * 10) / 10
  const most = Math.max(...points.map(value))
  const least = Math.min(...points.map(value))
  const x = (recall: number) =>
    left + MARGIN.left + ((recall - lowest) / (1 - lowest)) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (us: number) => {
    const share = Math.log(us / least) / Math.log(most / least)
    return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom)
  }
  const ticks: string[] = []
  for (let recall = lowest; recall <= 1.0001; recall += 0.1) {
    ticks.push(`<text x="${x(recall)}" y="${HEIGHT - 26}" text-anchor="middle">${recall.toFixed(1)}</text>`)
    ticks.push(grid(x(recall), MARGIN.top, x(recall), HEIGHT - MARGIN.bottom))
  }
  for (let us = 2 ** Math.ceil(Math.log2(least)); us <= most; us *= 2) {
    ticks.push(`<text x="${left + MARGIN.left - 6}" y="${y(us) + 4}" text-anchor="end">${us}</text>`)
    ticks.push(grid(left + MARGIN.left, y(us), left + WIDTH - MARGIN.right, y(us)))
  }
  const lines = curves.map((curve, i) => {
    const path = curve.map((point) => `${x(point.recall).toFixed(1)},${y(value(point)).toFixed(1)}`)
    const dots = path.map(
      (at) => `<circle cx="${at.split(',')[0]}" cy="${at.split(',')[1]}" r="3" fill="${COLOURS[i]}"/>`,
    )
    return `<polyline points="${path.join(' ')}" fill="none" stroke="${COLOURS[i]}" stroke-width="1.5"/>${dots.join('')}`
  })
  const middle = left + (MARGIN.left + WIDTH - MARGIN.right) / 2
  return `<text x="${middle}" y="20" text-anchor="middle" font-weight="bold">${title}</text>
<text x="${middle}" y="${HEIGHT - 8}" text-anchor="middle">recall of the exact 50</text>
<text x="${left + 14}" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 ${left + 14} ${HEIGHT / 2})">microseconds a query</text>
${ticks.join('')}
${lines.join('\n')}`
}

function grid(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#eeeeee"/>`
}
