import { MissingPeerError } from '@sparc/tables'
import { expect, test, vi } from 'vitest'
import { loadPlotPeers } from './plot-peers.ts'

vi.mock('jsdom', () => {
  throw new Error("Cannot find package 'jsdom'")
})

test('a figure without its peers says what to install', async () => {
  const failure = await loadPlotPeers().catch((error: unknown) => error)
  expect(MissingPeerError.isInstance(failure)).toBe(true)
  expect(String(failure)).toContain('npm install @observablehq/plot jsdom')
})
