import { MissingPeerError } from '@sparc/tables'

/** Observable Plot and a document to draw in, loaded when the first figure is drawn. */
export interface PlotPeers {
  Plot: typeof import('@observablehq/plot')
  document: Document
}

/** @throws MissingPeerError MISSING_PLOT_PEERS */
export async function loadPlotPeers(): Promise<PlotPeers> {
  try {
    const [Plot, { JSDOM }] = await Promise.all([import('@observablehq/plot'), import('jsdom')])
    return { Plot, document: new JSDOM('').window.document }
  } catch (cause) {
    throw new MissingPeerError('MISSING_PLOT_PEERS', {
      what: 'Figures need two packages that are not installed',
      given: cause instanceof Error ? cause.message : cause,
      next: 'Run: npm install @observablehq/plot jsdom',
      cause,
    })
  }
}
