import { barY } from '@observablehq/plot'
import { plotDots } from '@sparc/eval/plots'
import { JSDOM } from 'jsdom'
import { expect, it } from 'vitest'
import { onPaper, svg } from './plot.ts'

const parsed = (text: string) => new JSDOM(text, { contentType: 'image/svg+xml' }).window.document.documentElement

it('puts a figure of a page on white paper in dark ink, behind all that is drawn', async () => {
  const axes = { xLabel: 'x', yLabel: 'y', background: 'none' }
  const dots = await plotDots([{ system: 'a & b', x: 1, y: 2 }], axes)
  for (const figure of [svg({ marks: [barY([{ x: 1, y: 2 }], { x: 'x', y: 'y' })] }), dots]) {
    expect(parsed(figure).querySelector(':scope > rect')).toBeNull()
    const root = parsed(onPaper(figure.replace(/color: [^;"]+/, 'color: currentColor')))
    expect(root.getAttribute('style')).toMatch(/color: (#222|rgb\(34, 34, 34\))/)
    const [paper, ...others] = [...root.children].filter(({ tagName }) => tagName !== 'style' && tagName !== 'title')
    expect([paper.tagName, paper.getAttribute('fill'), paper.getAttribute('width')]).toEqual(['rect', 'white', '100%'])
    expect(others.length).toBeGreaterThan(0)
    expect(root.textContent).toBe(parsed(figure).textContent)
  }
})
