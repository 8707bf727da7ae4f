import { InvalidInputError, parseOptions } from '@sparc/tables'
import { z } from 'zod'

/** How a figure looks. */
export interface FigureOptions {
  title?: string
  /** Pixels, 640 x 400 by default. */
  width?: number
  height?: number
  /** One colour a system, repeated where there are more systems. Colours that the colour-blind can tell by default. */
  colours?: string[]
  /** Of the paper, 'white' by default; 'none' for none. */
  background?: string
}

// Okabe and Ito (2008), without the yellow that white paper swallows, and with a purple and a grey.
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#5e3c99', '#666666']

export const figureSchema = z.strictObject({
  title: z.string().optional(),
  width: z.number().min(200).default(640),
  height: z.number().min(150).default(400),
  colours: z.array(z.string()).min(1).default(palette),
  background: z.string().default('white'),
})

export type Figure = z.output<typeof figureSchema>

/** The figure's own options out of those of a plot. */
export function figureOptions(options: FigureOptions, where: string): Figure {
  const { title, width, height, colours, background } = options
  return parseOptions(figureSchema, { title, width, height, colours, background }, where)
}

/** A value of a system at one place of the x axis, with its interval. */
export interface FigurePoint {
  system: string
  x: number | string
  y: number
  low: number | null
  high: number | null
}

export interface Axes {
  xLabel: string
  yLabel: string
  /** 'band': names in the order of the points; 'log': numbers. */
  x: 'band' | 'log' | 'linear'
}

/** @throws InvalidInputError NOTHING_TO_DRAW */
export function checkPoints(points: FigurePoint[]): void {
  if (points.length > 0) return
  throw new InvalidInputError('NOTHING_TO_DRAW', {
    what: 'There is no value to draw',
    next: 'Evaluate with the metrics and slices that the figure shows',
  })
}

/** The systems of the points, in their order. */
export function systemsOf(points: FigurePoint[]): string[] {
  return [...new Set(points.map(({ system }) => system))]
}

/** The colour of each point's system. */
export function colourOf(systems: string[], colours: string[]): (point: { system: string }) => string {
  return ({ system }) => colours[systems.indexOf(system) % colours.length]
}

/** Three digits, without the zero before the point. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3))).replace(/^0\./, '.')
}
