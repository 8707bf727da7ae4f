import { type PlotOptions, plot } from '@observablehq/plot'
import { JSDOM } from 'jsdom'

const { document } = new JSDOM('').window

/** A figure of Observable Plot as SVG text that takes its colours from the page around it. */
export function svg(options: PlotOptions): string {
  const figure = plot({ width: 520, height: 320, marginLeft: 52, style: { background: 'none' }, ...options, document })
  const element = figure.tagName.toLowerCase() === 'svg' ? figure : figure.querySelector('svg:last-of-type')
  if (element === null) throw new Error('Observable Plot gave no SVG')
  element.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  element.setAttribute('role', 'img')
  return element.outerHTML
}

/** Ink that is not quite black. */
const INK = '#222'

/** A figure as a file of its own: white paper and dark ink, whatever the colours of the page that shows it. */
export function onPaper(figure: string): string {
  const { document: page } = new JSDOM(figure, { contentType: 'image/svg+xml' }).window
  const root = page.documentElement as unknown as SVGElement
  root.style.color = INK
  root.style.background = ''
  const paper = page.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: 'white' })) {
    paper.setAttribute(name, value)
  }
  root.insertBefore(paper, root.querySelector(':scope > style')?.nextSibling ?? root.firstChild)
  return root.outerHTML
}
