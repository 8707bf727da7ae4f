import { runCommand } from './run-command.ts'
import { supervise, wantsSupervision } from './supervise.ts'

const argv = process.argv.slice(2)

// Whoever reads may stop before all is written, as `head` does: what trains goes on to its end all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (!wantsSupervision(argv, {})) process.exit()
})

process.exitCode = wantsSupervision(argv) ? await supervise(argv) : await runCommand(argv)
