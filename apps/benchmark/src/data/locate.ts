import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InvalidInputError, suggest } from '@sparc/tables'

/** Where the data of an experiment is. */
export type Located = { kind: 'folder'; name: string; path: string } | { kind: 'synthetic'; why?: string }

/** The data set of `npm start`. */
export const defaultDataset = 'amazon-beauty-2014'

/** Where data is looked for where nobody says anything: beside the repository. */
const besideRepository = fileURLToPath(new URL('../../../../../shared/data', import.meta.url))

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

/**
 * The folder that holds the data folders: `--data`, then `SPARC_DATA`, then `../shared/data` beside the repository;
 * undefined where there is none of them.
 *
 * @throws InvalidInputError `NO_SUCH_DATA` where one was named that is not there
 */
export function dataRoot(
  given: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
  beside: string = besideRepository,
): string | undefined {
  const named = given ?? (environment.SPARC_DATA || undefined)
  if (named === undefined) return isFolder(beside) ? resolve(beside) : undefined
  if (isFolder(named)) return resolve(named)
  throw new InvalidInputError('NO_SUCH_DATA', {
    what: 'There is no such data folder',
    given: `${named} (${given === undefined ? 'SPARC_DATA' : '--data'})`,
    allowed: 'a folder whose folders hold interactions.csv.gz or interactions.csv, or one such folder',
    next: 'Correct the path, or use --dataset synthetic, which needs no data',
  })
}

/** Whether `saveDataset` saved a data set here. */
export function isSavedDataset(path: string): boolean {
  const manifest = join(path, 'manifest.json')
  return existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"sparc.dataset"')
}

function isDataset(path: string): boolean {
  return (
    ['interactions.csv.gz', 'interactions.csv'].some((file) => existsSync(join(path, file))) || isSavedDataset(path)
  )
}

/** Names of the data folders below a root (or the root itself, where it is one), sorted. */
export function datasetsIn(root: string | undefined): string[] {
  if (root === undefined) return []
  return readdirSync(root)
    .filter((name) => isFolder(join(root, name)) && isDataset(join(root, name)))
    .sort()
}

/** The short names of the Amazon sets: `beauty` is `amazon-beauty-2014`. */
function byName(name: string, root: string): string | undefined {
  const names = datasetsIn(root)
  return names.find((each) => each === name) ?? names.find((each) => each.split('-').includes(name))
}

/**
 * Finds the data of an experiment. `fallback` says that the data set was nobody's explicit wish, so that a machine
 * without any data runs on the synthetic world.
 *
 * @throws InvalidInputError `NO_SUCH_DATA`, `UNKNOWN_DATASET`
 */
export function locate(
  dataset: string,
  data: string | undefined,
  fallback: boolean,
  look: () => string | undefined = () => dataRoot(data),
): Located {
  if (dataset === 'synthetic') return { kind: 'synthetic' }
  const root = look()
  if (root === undefined && fallback) {
    return {
      kind: 'synthetic',
      why: 'No data folder (--data, SPARC_DATA, ../shared/data): running on the synthetic world that the project makes.',
    }
  }
  const looksLikePath = isAbsolute(dataset) || dataset.startsWith('.') || dataset.includes('/')
  if (looksLikePath && isDataset(resolve(dataset))) return folder(resolve(dataset))
  if (root !== undefined) {
    const name = looksLikePath ? undefined : byName(dataset, root)
    if (name !== undefined) return folder(join(root, name))
    if (isDataset(root) && (fallback || basename(root) === dataset)) return folder(root)
  }
  const names = [...datasetsIn(root), 'synthetic']
  const near = suggest(dataset, [
    ...names,
    ...names.flatMap((name) => name.split('-').filter((part) => part !== 'amazon')),
  ])
  const correct = 'Correct its name (--dataset, or "dataset" of the configuration), or say where it is with --data DIR'
  const named = near === undefined ? correct : `Did you mean ${near}?`
  throw new InvalidInputError('UNKNOWN_DATASET', {
    what: fallback ? 'The data set that is taken where none is named is not there' : 'There is no such data set',
    given: dataset,
    allowed: `${names.join(', ')}${root === undefined ? ' (no data folder was found)' : ` (from ${root})`}, or the path of a folder`,
    next: fallback ? 'Name one of them with --dataset NAME, or say where it is with --data DIR' : named,
  })
}

function folder(path: string): Located {
  return { kind: 'folder', name: basename(path), path }
}
