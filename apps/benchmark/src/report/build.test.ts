import { expect, it } from 'vitest'
import type { RunFile } from '../run-folder/results.ts'
import { runIds, runTitles } from './build.ts'

it('names runs in a page by their names, none twice and none as the page names its own parts', () => {
  expect(runIds(['ledger', 'data', 'theme'])).toEqual(['run-ledger', 'run-data', 'run-theme'])
  expect(runIds(['beauty', 'beauty', 'beauty-2', 'Beauty 2'])).toEqual([
    'run-beauty',
    'run-beauty-2',
    'run-beauty-2-2',
    'run-beauty-2-3',
  ])
})

it('has the experiment in a title, and the run where there are two of one experiment', () => {
  const run = (experiment: string, name: string, kind = 'by-user') =>
    ({ name, experiment: { name: experiment }, dataset: { name: 'amazon-beauty-2014' }, split: { kind } }) as RunFile
  expect(
    runTitles([run('beauty', 'beauty'), run('features', 'features'), run('amazon-beauty-2014', 'x', 'by-time')]),
  ).toEqual([
    'beauty: amazon-beauty-2014, by user',
    'features: amazon-beauty-2014, by user',
    'amazon-beauty-2014, by time',
  ])
  expect(runTitles([run('beauty', 'a'), run('beauty', 'b')])).toEqual(
    ['a', 'b'].map((name) => `beauty: amazon-beauty-2014, by user (${name})`),
  )
})
