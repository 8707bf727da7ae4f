import { readFileSync } from 'node:fs'
import { SparcError } from '@sparc/tables'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { sliceNames } from './options.ts'
import { type CliOptions, runEvaluation } from './run.ts'

/** Where a command writes to. */
export interface Streams {
  out(text: string): void
  error(text: string): void
}

const examples = `
Examples:
  sparc-eval targets.csv mine.csv
  sparc-eval targets.csv baseline.csv mine=seed1.csv,seed2.csv --against baseline --train train.csv --slices long-tail

Files are CSV (.tsv, .gz) with a header: lines of user,item (with score or rank, or in order), or of user,items with
items separated by spaces; or Arrow files of the tables of @sparc/tables.`

/** Runs `sparc-eval` and returns its exit code. */
export async function sparcEval(args: string[], { out, error }: Streams): Promise<number> {
  let code = 0
  const program = new Command('sparc-eval')
    .description('Evaluates recommendations made by any system against what people did next.')
    .version(version())
    .argument('<targets>', 'what people did next')
    .argument('<recommendations...>', 'FILE, NAME=FILE, or NAME=FILE,FILE with one file a seed')
    .option('--train <file>', 'what the systems were fitted on: popularity, long tail, co-occurrence')
    .option('--history <file>', 'what was known of the users, oldest first')
    .option('--items <file>', 'the catalogue: id and features, categories as a|b|c; else the items of all files')
    .option('--columns <names>', 'what columns are called: user=uid,item=sku', '')
    .option('-m, --metrics <list>', 'metrics at their K', 'recall@10,recall@50,ndcg@10,ndcg@50,hitRate@50,coverage@50')
    .option('-s, --slices <list>', `${sliceNames.join(', ')}, or a column of the items file`, '')
    .option('--against <name>', 'test the difference of all others from this system')
    .addOption(
      new Option('--test <name>', 'paired bootstrap or paired t').choices(['bootstrap', 't']).default('bootstrap'),
    )
    .option('--resamples <n>', 'of the bootstrap', whole, 10_000)
    .option('--seed <n>', 'of the bootstrap', whole, 0)
    .option('--drop-seen', 'remove the history from the lists first', false)
    .addOption(
      new Option('--duplicates <how>', 'an item twice in a list').choices(['error', 'dedupe']).default('error'),
    )
    .addOption(new Option('--unsorted <how>', 'rising scores').choices(['error', 'sort', 'keep']).default('error'))
    .addOption(new Option('--outside <how>', 'items not in the items file').choices(['error', 'miss']).default('error'))
    .addOption(new Option('-f, --format <name>').choices(['text', 'markdown', 'csv', 'json']).default('text'))
    .option('--per-case <file>', 'write every metric of every case as CSV')
    .option('--figures <folder>', 'draw SVG: by K, against coverage, and with -s popularity,history-length by these')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: error })
    .action(async (targets: string, recommendations: string[], options: CliOptions) => {
      const { output, notes } = await runEvaluation(targets, recommendations, options)
      for (const note of notes) error(`${note}\n`)
      out(output)
    })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (failure) {
    if (failure instanceof CommanderError) code = failure.exitCode
    else if (SparcError.isInstance(failure)) {
      error(`sparc-eval: ${failure.message}\n`)
      code = 1
    } else throw failure
  }
  return code
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('A whole number, please.')
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return version
}
