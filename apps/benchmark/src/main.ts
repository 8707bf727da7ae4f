import { runCommand } from './run-command.ts'
import { supervise, wantsSupervision } from './supervise.ts'

const argv = process.argv.slice(2)
process.exitCode = wantsSupervision(argv) ? await supervise(argv) : await runCommand(argv)
