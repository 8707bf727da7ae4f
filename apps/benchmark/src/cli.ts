import { InvalidInputError, suggest } from '@sparc/tables'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { FetchOptions } from './commands/fetch.ts'
import type { StartOptions, StudyOptions, TuneOptions } from './commands/options.ts'
import { isObject } from './config/is-object.ts'
import { splitKinds } from './config/split-kinds.ts'

function whole(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('A whole number of at least 0 is needed.')
  }
  return value
}

function counted(text: string): number {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('A whole number of at least 1 is needed.')
  return value
}

/** The bare command takes no arguments, so a word without an option before it was meant as a command. */
function unknownCommand(given: string, { commands }: Command): InvalidInputError {
  const names = commands.map((command) => command.name())
  const near = suggest(given, names)
  return new InvalidInputError('UNKNOWN_COMMAND', {
    what: 'There is no such command',
    given,
    allowed: names.join(', '),
    next: near === undefined ? 'See `benchmark --help`' : `Did you mean ${near}?`,
  })
}

function list(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '')) throw new InvalidArgumentError('Names with commas between them are needed.')
  return names
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // What is no JSON is no object either.
  }
  if (isObject(value)) return value
  throw new InvalidArgumentError('A JSON object is needed: \'{"interests": 1}\'.')
}

function wholes(text: string): number[] {
  return list(text).map(whole)
}

function withRunOptions(command: Command): Command {
  return command
    .option('--data <dir>', 'folder of the data folders (else SPARC_DATA, else ../shared/data, else a synthetic world)')
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--run <name>', 'name of the run folder below it; an unfinished run of that name is resumed')
    .option('--fresh', 'delete the run folder of --run first, instead of resuming it')
    .option('--verbose', 'show where an error came from')
}

/** The command line: `npm start` is the bare command, everything else a subcommand. */
export function commandLine(): Command {
  const program = new Command('benchmark')
    .description(
      'Trains SPARC and its rivals on the same data, puts them in an index, measures them, prints a leaderboard.',
    )
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help for what is allowed.')

  withRunOptions(program)
    .option('--dataset <name>', 'data set; see `list`', undefined)
    .addOption(new Option('--split <kind>', 'how users are divided').choices(splitKinds))
    .option('--models <names>', 'systems, with commas between them; see `list`', list)
    .option('--seed <number>', 'seed of everything that is random', whole, 1)
    .option('--steps <number>', 'training steps at most, for each learned system', whole)
    .addOption(new Option('--engine <name>', 'index engine').choices(['auto', 'faiss', 'exact']).default('auto'))
    .option('--smoke', 'all of it in under a minute, on a small synthetic world')
    .action(async (options: StartOptions, { args: [unknown] }: Command) => {
      if (unknown !== undefined) throw unknownCommand(unknown, program)
      return (await import('./commands/start.ts')).start(options)
    })

  program
    .command('list')
    .description('what there is: configurations, data sets, systems, finished and unfinished runs')
    .option('--data <dir>', 'folder of the data folders')
    .option('--out <dir>', 'folder of the results', 'results')
    .action(async (options: { data?: string; out: string }) => (await import('./commands/list.ts')).list(options))

  withRunOptions(program.command('run <config>'))
    .description('runs a configuration, and resumes it where it was interrupted')
    .addOption(new Option('--split <kind>', 'another split than the configuration says').choices(splitKinds))
    .option('--experiments <names>', 'only these experiments of a study', list)
    .option('--datasets <names>', 'only the experiments on these data sets', list)
    .option('--models <names>', 'only these rows, by name, or all of a system', list)
    .option('--seeds <numbers>', 'only these seeds', wholes)
    .option('--plan', 'say what would be done and how long it would take, and end')
    .action(async (config: string, options: StudyOptions) => (await import('./commands/run.ts')).run(config, options))

  withRunOptions(program.command('tune <system>'))
    .description('seeded random search in the declared space of a system, chosen on validation')
    .option('--dataset <name>', 'data set', 'amazon-beauty-2014')
    .option('--trials <number>', 'settings that are tried', counted, 8)
    .option('--seed <number>', 'seed of the search', whole, 1)
    .option('--steps <number>', 'training steps at most, for each trial', whole)
    .option('--options <json>', 'options that every trial has, and the search leaves alone', jsonObject)
    .option('--rungs <number>', 'rungs of successive halving; 1 trains every setting to the end', counted, 1)
    .action(async (system: string, options: TuneOptions) => (await import('./commands/tune.ts')).tune(system, options))

  program
    .command('fetch')
    .description('downloads a category of an Amazon release (or takes a copy), and makes a data set of it')
    .addArgument(new Argument('<release>', 'year of the release').choices(['2014', '2018', '2023']))
    .argument('<category>', 'as its owners spell it: Beauty (2014), All_Beauty (2018, 2023)')
    .option('--to <dir>', 'folder of the data set (default: data/amazon-CATEGORY-RELEASE)')
    .option('--ratings <file>', "a local copy of the ratings, or another address than their owners'")
    .option('--sha256 <digits>', 'refuse a download of ratings with another checksum')
    .option('--metadata <file>', 'the same for titles, brands and categories')
    .option('--no-metadata', 'go without them')
    .option('--k-core <number>', 'least interactions of every user and item', whole, 5)
    .action(async (release: '2014' | '2018' | '2023', category: string, options: FetchOptions) =>
      (await import('./commands/fetch.ts')).fetchAmazon(release, category, options),
    )

  program
    .command('join <run> <from...>')
    .description('takes finished systems and seeds of other runs of the same experiment (or study) into a run')
    .option('--out <dir>', 'folder of the results', 'results')
    .action(async (run: string, from: string[], options: { out: string }) =>
      (await import('./commands/join.ts')).join(run, from, options),
    )

  program
    .command('compare <a> <b>')
    .description('two runs on the same data, row by row, with the significance of each difference')
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--metric <name>', 'metric that is tested', 'recall@50')
    .action(async (a: string, b: string, options: { out: string; metric: string }) =>
      (await import('./commands/compare.ts')).compare(a, b, options),
    )

  program
    .command('report <run...>')
    .description('one HTML file from one or several runs, without any network')
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--to <file>', 'the file (default: report.html in the first run)')
    .option('--no-users', 'leave out the users of the interest explorer: for a page to be published')
    .action(async (runs: string[], options: { out: string; to?: string; users: boolean }) =>
      (await import('./commands/report.ts')).report(runs, options),
    )

  program
    .command('ledger [run...]')
    .description('the claims of the papers, and what the runs say of them')
    .option('--out <dir>', 'folder of the results', 'results')
    .option('--to <file>', 'also write it as Markdown')
    .action(async (runs: string[], options: { out: string; to?: string }) =>
      (await import('./commands/ledger.ts')).ledger(runs, options),
    )

  program
    .command('export <run...>')
    .description(
      'leaderboards, ledger and figures of runs or studies as Markdown, CSV and SVG, and the page without users',
    )
    .option('--out <dir>', 'folder of the results', 'results')
    .requiredOption('--to <dir>', 'folder to write')
    .option('--no-page', 'without the page, which shows titles of items')
    .action(async (runs: string[], options: { out: string; to: string; page: boolean }) =>
      (await import('./commands/export.ts')).exportRuns(runs, options),
    )

  // Set last, as commands take it over from here: only the bare one looks at its words itself.
  program.allowExcessArguments()
  for (const command of program.commands) {
    if (!command.options.some((option) => option.long === '--verbose')) {
      command.option('--verbose', 'show where an error came from')
    }
  }
  return program
}
