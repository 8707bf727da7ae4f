import { InvalidInputError, parseOptions } from '@sparc/tables'
import { z } from 'zod'

/** How a figure looks. */
export interface FigureOptions {
  title?: string
  /** Pixels, 640 x 400 by default; a figure is taller where the names of many systems would not fit in. */
  width?: number
  height?: number
  /**
   * One colour a system; where there are more systems they are used again with other dashes and symbols. Colours that the
   * colour-blind can tell by default.
   */
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
  /** Whether the axes of numbers begin at zero, `true` by default. */
  zero?: boolean
  /** All systems in the order of their colours, where not all of them have points. */
  systems?: readonly string[]
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

const dashes = [undefined, '6 3', '2 3', '9 3 2 3', '1 2', '12 4']
const symbols = ['circle', 'square', 'triangle', 'diamond', 'star', 'wye'] as const

/** How a system is drawn. */
export interface Style {
  colour: string
  /** Of its line; undefined for a whole one. */
  dash: string | undefined
  symbol: (typeof symbols)[number]
}

/** The style of a system: the colours in turn, each time round with another dash and symbol. */
export function styleOf(systems: readonly string[], colours: readonly string[]): (system: string) => Style {
  return (system) => {
    const at = Math.max(0, systems.indexOf(system))
    const round = Math.floor(at / colours.length) % dashes.length
    return { colour: colours[at % colours.length], dash: dashes[round], symbol: symbols[round] }
  }
}

/** Where an axis of numbers begins and ends, a bit beyond the values. */
export function domainOf(values: readonly number[], zero: boolean, beyond: number): [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (zero) return [0, (1 + beyond) * most || 1]
  const edge = beyond * (most - least || Math.abs(most) || 1)
  return [least - edge, most + edge]
}

/** Three digits, without the zero before the point. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3))).replace(/^0\./, '.')
}
