// `npm test`: sets up what is missing, then runs the tests. `--fast` leaves out the files named *.slow.test.ts; other
// arguments go to vitest (npm test -- packages/index).
import { runNode, setUp } from './setup.mjs'

const environment = await setUp({ tests: true })
const args = process.argv.slice(2).filter((argument) => argument !== '--fast')
if (args.length < process.argv.length - 2) args.push('--exclude', '**/*.slow.test.ts')
process.exitCode = await runNode(['node_modules/vitest/vitest.mjs', 'run', ...args], environment)
