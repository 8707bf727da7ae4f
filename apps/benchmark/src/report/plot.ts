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
