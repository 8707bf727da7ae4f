import { runCommand } from './run-command.ts'
import { supervise, wantsSupervision } from './supervise.ts'

// Whoever reads may stop before all is written, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const argv = process.argv.slice(2)
process.exitCode = wantsSupervision(argv) ? await supervise(argv) : await runCommand(argv)
