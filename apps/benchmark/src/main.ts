import { CommanderError } from 'commander'
import { commandLine } from './cli.ts'
import { describeError, exitCodeOf } from './errors.ts'

/** Runs the command line and gives its exit code. */
export async function main(argv: string[]): Promise<number> {
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

process.exitCode = await main(process.argv.slice(2))
