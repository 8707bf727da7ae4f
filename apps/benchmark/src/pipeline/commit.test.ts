import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporary } from '../temporary.fixture.ts'
import { commitOf } from './commit.ts'
import { versions } from './describe.ts'

function repository(): string {
  const folder = temporary()
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: folder, stdio: 'ignore' })
  git('init')
  writeFileSync(join(folder, 'code.ts'), 'one')
  git('add', '.')
  git('commit', '-m', 'one')
  git('tag', 'v1')
  return folder
}

it('names the commit of a checkout, and whether what runs differs from it', () => {
  const folder = repository()
  const clean = commitOf(folder)
  expect(clean).toMatch(/^[0-9a-f]{10}$/)
  writeFileSync(join(folder, 'result.json'), 'made by a run')
  expect(commitOf(folder)).toBe(clean)
  writeFileSync(join(folder, 'code.ts'), 'two')
  expect(commitOf(folder)).toBe(`${clean}+changes`)
})

it('has nothing to say of a folder that is no checkout, below one, or without git', () => {
  expect(commitOf(temporary())).toBeUndefined()
  const folder = repository()
  mkdirSync(join(folder, 'vendored'))
  expect(commitOf(join(folder, 'vendored'))).toBeUndefined()
  const { PATH } = process.env
  process.env.PATH = temporary()
  try {
    expect(commitOf(folder)).toBeUndefined()
  } finally {
    process.env.PATH = PATH
  }
})

it('is one of the versions of a run where there is a checkout, and no key where there is none', () => {
  const { commit, node } = versions()
  expect(node).toBe(process.versions.node)
  expect(Object.keys(versions()).includes('commit')).toBe(commit !== undefined)
  expect(commit ?? '0000000000').toMatch(/^[0-9a-f]{10}(\+changes)?$/)
})
