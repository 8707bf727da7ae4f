import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { temporary } from '../temporary.fixture.ts'
import { dataRoot, locate } from './locate.ts'

let root = ''

beforeEach(() => {
  root = temporary()
  for (const name of ['amazon-beauty-2014', 'amazon-toys-2014']) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, 'interactions.csv'), 'user,item,timestamp\n')
  }
})

afterEach(() => {
  vi.unstubAllEnvs()
})

it('takes --data before SPARC_DATA', () => {
  const other = temporary()
  expect(dataRoot(root, { SPARC_DATA: other })).toBe(root)
  expect(dataRoot(undefined, { SPARC_DATA: other })).toBe(other)
})

it('refuses a data folder that was named and is not there', () => {
  expect(() => dataRoot(join(root, 'no'), {})).toThrow(/no such data folder.*--dataset synthetic/s)
  expect(() => dataRoot(undefined, { SPARC_DATA: join(root, 'no') })).toThrow(/SPARC_DATA/)
})

it('finds a data set by its name, a part of its name, or its path', () => {
  const beauty = { kind: 'folder', name: 'amazon-beauty-2014', path: join(root, 'amazon-beauty-2014') }
  expect(locate('amazon-beauty-2014', root, false)).toEqual(beauty)
  expect(locate('beauty', root, false)).toEqual(beauty)
  expect(locate(join(root, 'amazon-beauty-2014'), root, false)).toEqual(beauty)
})

it('runs on the synthetic world, and says why in one line, where there is no data and none was asked for', () => {
  const nowhere = () => dataRoot(undefined, {}, join(root, 'no'))
  expect(locate('amazon-beauty-2014', undefined, true, nowhere)).toEqual({
    kind: 'synthetic',
    why: expect.stringMatching(/^No data folder .*synthetic world.*\.$/),
  })
  expect(() => locate('amazon-beauty-2014', undefined, false, nowhere)).toThrow(/no data folder was found.*--data DIR/s)
  expect(locate('synthetic', undefined, false, nowhere)).toEqual({ kind: 'synthetic' })
})

it('suggests the data set that was probably meant', () => {
  expect(() => locate('amazon-beuty-2014', root, false)).toThrow(/Did you mean amazon-beauty-2014/)
})

it('takes a folder that is itself a data set', () => {
  const own = join(root, 'amazon-toys-2014')
  expect(locate('amazon-beauty-2014', own, true)).toMatchObject({ kind: 'folder', name: 'amazon-toys-2014' })
})

it('does not ask to correct a name that nobody gave', () => {
  const other = temporary()
  mkdirSync(join(other, 'mine'))
  writeFileSync(join(other, 'mine', 'interactions.csv'), 'user,item,timestamp\n')
  expect(() => locate('amazon-beauty-2014', other, true)).toThrow(
    /taken where none is named is not there.*Allowed: mine, synthetic.*Name one of them with --dataset NAME/s,
  )
  expect(() => locate('no-such-set-at-all', other, false)).toThrow(/no such data set.*Correct its name \(--dataset/s)
})
