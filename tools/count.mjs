// Last words of .ci/run: counts what vitest's JSON report says and ends with 1 when anything failed.
// Usage: node tools/count.mjs REPORT TESTS_EXIT_CODE SMOKE_EXIT_CODE
import { readFileSync } from 'node:fs'

const [path, testsCode, smokeCode] = process.argv.slice(2)
let passed = 0
let failed = 0
try {
  const report = JSON.parse(readFileSync(path, 'utf8'))
  passed = report.numPassedTests
  failed = report.numFailedTests
  // A file that cannot even be loaded has no tests to fail.
  failed += report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
} catch {
  console.log('The tests left no report.')
}
if (testsCode !== '0' && failed === 0) {
  console.log(`The tests ended with exit code ${testsCode}.`)
  failed += 1
}
if (smokeCode !== '0') {
  console.log(`The smoke run ended with exit code ${smokeCode}.`)
  failed += 1
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
