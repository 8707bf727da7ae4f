import { CommanderError } from 'commander'
import { commandLine } from './cli.ts'
import { describeError, exitCodeOf } from './errors.ts'

/** Runs a command line in this process, errors printed, and gives its exit code. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const program = commandLine()
  for (const command of [program, ...program.commands]) command.exitOverride()
  try {
    await program.parseAsync(argv, { from: 'user' })
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      process.stderr.write(`${describeError(error, argv.includes('--verbose'))}\n`)
    }
    return exitCodeOf(error)
  }
}
