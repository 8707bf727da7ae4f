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
import { LINE, placeLabels } from './labels.ts'
import { loadPlotPeers } from './plot-peers.ts'
import { drawSvg } from './svg.ts'

/** One dot a system, its name beside it; a thin line leads to a name that had to move away. */
export async function drawDots(points: FigurePoint[], axes: Axes, figure: Figure): Promise<string> {
  checkPoints(points)
  const peers = await loadPlotPeers()
  const { Plot } = peers
  const { zero = true } = axes
  const style = styleOf(axes.systems ?? systemsOf(points), figure.colours)
  const [left, right] = domainOf(
    points.map(({ x }) => Number(x)),
    zero,
    0.06,
  )
  const ends = points.flatMap(({ y, low, high }) => [low ?? y, high ?? y])
  const [bottom, top] = domainOf(ends, zero, 0.08)
  const margins = { top: figure.title ? 58 : 28, bottom: 44, left: 52, right: 24 }
  const width = figure.width - margins.left - margins.right
  const height = Math.max(figure.height - margins.top - margins.bottom, LINE * points.length)
  const [perX, perY] = [(right - left) / width, (top - bottom) / height]
  const labels = placeLabels(
    points.map(({ x, y, system }) => ({ x: (Number(x) - left) / perX, y: (top - y) / perY, name: system })),
    width,
    height,
  )
  return drawSvg(peers, { ...figure, height: height + margins.top + margins.bottom }, margins, axes.yLabel, {
    x: {
      domain: [left, right],
      label: axes.xLabel,
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      tickFormat: shortNumber,
      ticks: 6,
    },
    y: { domain: [bottom, top], label: null, grid: true, tickFormat: shortNumber, ticks: 5 },
    marks: [
      Plot.ruleX([left]),
      Plot.ruleY([bottom]),
      ...points.map(({ x, y, system }, at) => {
        const { dx, dy } = labels[at]
        const leads = Math.abs(dy) > 14 ? [{ x2: Number(x) + dx * perX, y2: y - dy * perY }] : []
        const settings = { x2: 'x2', y2: 'y2', stroke: style(system).colour, strokeOpacity: 0.5, strokeWidth: 0.8 }
        return Plot.link(leads, { x1: () => x, y1: () => y, ...settings })
      }),
      Plot.ruleX(points, {
        x: 'x',
        y1: 'low',
        y2: 'high',
        stroke: ({ system }: FigurePoint) => style(system).colour,
        strokeOpacity: 0.45,
        strokeWidth: 1.5,
      }),
      ...points.map((point) => {
        const { colour, symbol } = style(point.system)
        return Plot.dot([point], { x: 'x', y: 'y', fill: colour, symbol, r: 5, stroke: 'white', strokeWidth: 1 })
      }),
      ...points.map((point, at) =>
        Plot.text([point], {
          x: 'x',
          y: 'y',
          text: 'system',
          fill: style(point.system).colour,
          textAnchor: labels[at].anchor,
          dx: labels[at].dx,
          dy: labels[at].dy,
          fontWeight: 600,
        }),
      ),
    ],
  })
}
