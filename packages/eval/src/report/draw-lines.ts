import {
  type Axes,
  checkPoints,
  domainOf,
  type Figure,
  type FigurePoint,
  shortNumber,
  styleOf,
  systemsOf,
} from './figure.ts'
import { LINE, labelWidth, spread } from './labels.ts'
import { loadPlotPeers } from './plot-peers.ts'
import { drawSvg } from './svg.ts'

/** With more places on the x axis, not each of them has a tick. */
const MANY = 12

/** Lines with interval bars, one line a system, its name at its end. */
export async function drawLines(points: FigurePoint[], axes: Axes, figure: Figure): Promise<string> {
  checkPoints(points)
  const peers = await loadPlotPeers()
  const systems = systemsOf(points)
  const style = styleOf(axes.systems ?? systems, figure.colours)
  const colour = ({ system }: FigurePoint) => style(system).colour
  const places = [...new Set(points.map(({ x }) => x))]
  const values = points.flatMap(({ y, low, high }) => [low ?? y, high ?? y])
  const [bottom, top] = domainOf(values, axes.zero ?? true, 0.06)
  const margins = { top: figure.title ? 58 : 28, bottom: 44, left: 52, right: 28 + labelWidth(systems) }
  const hasBars = points.some(({ low }) => low !== null)
  const inner = Math.max(figure.height - margins.top - margins.bottom, LINE * systems.length)
  const ends = systems.map((system) => points.filter((point) => point.system === system).at(-1)!)
  const labels = spread(
    ends.map(({ y }) => y),
    (LINE / inner) * (top - bottom),
    top,
    bottom,
  )
  const { Plot } = peers
  const lastX = axes.x === 'band' ? places.at(-1)! : Math.max(...places.map(Number))
  return drawSvg(peers, { ...figure, height: inner + margins.top + margins.bottom }, margins, axes.yLabel, {
    x:
      axes.x === 'band'
        ? { type: 'point', domain: places, label: axes.xLabel, labelAnchor: 'center', labelArrow: 'none', padding: 0.3 }
        : {
            type: axes.x,
            label: axes.xLabel,
            labelAnchor: 'center',
            labelArrow: 'none',
            ...(places.length > MANY ? { ticks: 6 } : { ticks: places, tickFormat: String }),
            inset: 8,
          },
    y: { domain: [bottom, top], label: null, grid: true, tickFormat: shortNumber, ticks: 5 },
    marks: [
      ...systems.flatMap((system, at) => {
        const own = points.filter((point) => point.system === system)
        const look = style(system)
        // A few pixels apart, so that intervals of different systems do not hide each other.
        const dx = hasBars ? (at - (systems.length - 1) / 2) * Math.min(4, 24 / systems.length) : 0
        return [
          Plot.ruleX(own, { x: 'x', y1: 'low', y2: 'high', stroke: colour, strokeOpacity: 0.45, strokeWidth: 1.5, dx }),
          Plot.line(own, { x: 'x', y: 'y', stroke: look.colour, strokeDasharray: look.dash, strokeWidth: 2, dx }),
          Plot.dot(own, {
            x: 'x',
            y: 'y',
            fill: colour,
            symbol: look.symbol,
            r: 3.2,
            stroke: 'white',
            strokeWidth: 1,
            dx,
          }),
        ]
      }),
      Plot.text(ends, {
        x: () => lastX,
        y: (_, i) => labels[i],
        text: 'system',
        fill: colour,
        textAnchor: 'start',
        dx: 16,
        fontWeight: 600,
      }),
      Plot.ruleY([bottom]),
    ],
  })
}
