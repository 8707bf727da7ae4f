import type { Markish } from '@observablehq/plot'
import type { Figure } from './figure.ts'
import type { PlotPeers } from './plot-peers.ts'

/** Pixels around the axes. */
export interface Margins {
  top: number
  bottom: number
  left: number
  right: number
}

type PlotSettings = { marks: Markish[] } & Parameters<PlotPeers['Plot']['plot']>[0]

/** The figure as a standalone SVG. */
export function drawSvg(
  { Plot, document }: PlotPeers,
  figure: Figure,
  margins: Margins,
  yLabel: string,
  settings: PlotSettings,
): string {
  const svg = Plot.plot({
    ...settings,
    document,
    width: figure.width,
    height: figure.height,
    marginTop: margins.top,
    marginBottom: margins.bottom,
    marginLeft: margins.left,
    marginRight: margins.right,
    style: { fontFamily: 'system-ui, Helvetica, Arial, sans-serif', fontSize: '12px', color: '#222' },
  })
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  svg.setAttribute('role', 'img')
  addText(svg, document, yLabel, { x: '12', y: String(margins.top - 14), 'font-size': '12' })
  if (figure.title) {
    addName(svg, document, figure.title)
    addText(svg, document, figure.title, { x: '12', y: '22', 'font-size': '15', 'font-weight': '700' })
  }
  if (figure.background !== 'none') {
    const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: figure.background })) {
      paper.setAttribute(name, value)
    }
    svg.insertBefore(paper, svg.querySelector('style')?.nextSibling ?? svg.firstChild)
  }
  return svg.outerHTML
}

/** The name that a screen reader says. */
function addName(svg: Element, document: Document, title: string): void {
  const name = document.createElementNS('http://www.w3.org/2000/svg', 'title')
  name.textContent = title
  svg.insertBefore(name, svg.firstChild)
}

function addText(svg: Element, document: Document, content: string, settings: Record<string, string>): void {
  const text = document.createElementNS('http://www.w3.org/2000/svg', 'text')
  text.setAttribute('text-anchor', 'start')
  text.setAttribute('fill', 'currentColor')
  for (const [key, value] of Object.entries(settings)) text.setAttribute(key, value)
  text.textContent = content
  svg.append(text)
}
