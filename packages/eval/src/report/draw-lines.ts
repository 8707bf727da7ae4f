import { type Axes, checkPoints, colourOf, type Figure, type FigurePoint, shortNumber, systemsOf } from './figure.ts'
import { labelWidth, spread } from './labels.ts'
import { loadPlotPeers } from './plot-peers.ts'
import { drawSvg } from './svg.ts'

/** Lines with interval bars, one line a system, its name at its end. */
export async function drawLines(points: FigurePoint[], axes: Axes, figure: Figure): Promise<string> {
  checkPoints(points)
  const peers = await loadPlotPeers()
  const systems = systemsOf(points)
  const colour = colourOf(systems, figure.colours)
  const places = [...new Set(points.map(({ x }) => x))]
  const top = 1.06 * Math.max(...points.map(({ y, high }) => high ?? y)) || 1
  const margins = { top: figure.title ? 58 : 28, bottom: 44, left: 52, right: 28 + labelWidth(systems) }
  const inner = figure.height - margins.top - margins.bottom
  const ends = systems.map((system) => points.filter((point) => point.system === system).at(-1)!)
  const labels = spread(
    ends.map(({ y }) => y),
    (15 / inner) * top,
    top,
  )
  const { Plot } = peers
  const lastX = places.at(-1)!
  return drawSvg(peers, figure, margins, axes.yLabel, {
    x:
      axes.x === 'band'
        ? { type: 'point', domain: places, label: axes.xLabel, labelAnchor: 'center', labelArrow: 'none', padding: 0.3 }
        : {
            type: axes.x,
            label: axes.xLabel,
            labelAnchor: 'center',
            labelArrow: 'none',
            ticks: places,
            tickFormat: String,
            inset: 8,
          },
    y: { domain: [0, top], label: null, grid: true, tickFormat: shortNumber, ticks: 5 },
    marks: [
      ...systems.flatMap((system, at) => {
        const own = points.filter((point) => point.system === system)
        // A few pixels apart, so that intervals of different systems do not hide each other.
        const dx = (at - (systems.length - 1) / 2) * Math.min(4, 24 / systems.length)
        return [
          Plot.ruleX(own, { x: 'x', y1: 'low', y2: 'high', stroke: colour, strokeOpacity: 0.45, strokeWidth: 1.5, dx }),
          Plot.line(own, { x: 'x', y: 'y', stroke: colour(own[0]), strokeWidth: 2, dx }),
          Plot.dot(own, { x: 'x', y: 'y', fill: colour, r: 3.2, stroke: 'white', strokeWidth: 1, dx }),
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
      Plot.ruleY([0]),
    ],
  })
}
