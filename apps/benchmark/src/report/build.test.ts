import { expect, it } from 'vitest'
import { runIds } from './build.ts'

it('names runs in a page by their names, none twice and none as the page names its own parts', () => {
  expect(runIds(['ledger', 'data', 'theme'])).toEqual(['run-ledger', 'run-data', 'run-theme'])
  expect(runIds(['beauty', 'beauty', 'beauty-2', 'Beauty 2'])).toEqual([
    'run-beauty',
    'run-beauty-2',
    'run-beauty-2-2',
    'run-beauty-2-3',
  ])
})
