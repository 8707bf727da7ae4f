import { type Axes, checkPoints, colourOf, type Figure, type FigurePoint, shortNumber, systemsOf } from './figure.ts'
import { placeLabels } from './labels.ts'
import { loadPlotPeers } from './plot-peers.ts'
import { drawSvg } from './svg.ts'

/** One dot a system, its name beside it. */
export async function drawDots(points: FigurePoint[], axes: Axes, figure: Figure): Promise<string> {
  checkPoints(points)
  const peers = await loadPlotPeers()
  const { Plot } = peers
  const colour = colourOf(systemsOf(points), figure.colours)
  const right = 1.06 * Math.max(...points.map(({ x }) => Number(x))) || 1
  const top = 1.08 * Math.max(...points.map(({ y, high }) => high ?? y)) || 1
  const margins = { top: figure.title ? 58 : 28, bottom: 44, left: 52, right: 24 }
  const width = figure.width - margins.left - margins.right
  const height = figure.height - margins.top - margins.bottom
  const labels = placeLabels(
    points.map(({ x, y, system }) => ({
      x: (Number(x) / right) * width,
      y: height - (y / top) * height,
      name: system,
    })),
    width,
  )
  return drawSvg(peers, figure, margins, axes.yLabel, {
    x: {
      domain: [0, right],
      label: axes.xLabel,
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      tickFormat: shortNumber,
      ticks: 6,
    },
    y: { domain: [0, top], label: null, grid: true, tickFormat: shortNumber, ticks: 5 },
    marks: [
      Plot.ruleX([0]),
      Plot.ruleY([0]),
      Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: colour, strokeOpacity: 0.45, strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'x', y: 'y', fill: colour, r: 5, stroke: 'white', strokeWidth: 1 }),
      ...points.map((point, at) =>
        Plot.text([point], {
          x: 'x',
          y: 'y',
          text: 'system',
          fill: colour,
          textAnchor: labels[at].anchor,
          dx: labels[at].dx,
          dy: labels[at].dy,
          fontWeight: 600,
        }),
      ),
    ],
  })
}
