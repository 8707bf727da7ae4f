import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from './setup.mjs'

const passing = { status: 'passed', assertionResults: [{}, {}] }
const unloadable = { status: 'failed', assertionResults: [] }

function count(report: object | undefined, testsCode: number, smokeCode: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sparc-count-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tests.json')
  if (report !== undefined) writeFileSync(path, JSON.stringify(report))
  const args = [join(root, 'tools/count.mjs'), path, String(testsCode), String(smokeCode)]
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { last: stdout.trim().split('\n').at(-1), status }
}

test('all passed: the number of tests, and 0', () => {
  const report = { numPassedTests: 41, numFailedTests: 0, testResults: [passing] }
  expect(count(report, 0, 0)).toEqual({ last: '41 passed, 0 failed', status: 0 })
})

test('failed tests, and files that cannot be loaded, are counted', () => {
  const report = {
    numPassedTests: 40,
    numFailedTests: 1,
    testResults: [passing, unloadable, { ...passing, status: 'failed' }],
  }
  expect(count(report, 1, 0)).toEqual({ last: '40 passed, 2 failed', status: 1 })
})

test('a smoke run that failed is one more failure', () => {
  const report = { numPassedTests: 41, numFailedTests: 0, testResults: [passing] }
  expect(count(report, 0, 3)).toEqual({ last: '41 passed, 1 failed', status: 1 })
})

test('a test run that broke down fails, whatever its report says', () => {
  const report = { numPassedTests: 41, numFailedTests: 0, testResults: [passing] }
  expect(count(report, 137, 0)).toEqual({ last: '41 passed, 1 failed', status: 1 })
  expect(count(undefined, 1, 0)).toEqual({ last: '0 passed, 1 failed', status: 1 })
})

test('no test at all is no success', () => {
  expect(count({ numPassedTests: 0, numFailedTests: 0, testResults: [] }, 0, 0).status).toBe(1)
})
