import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** The data sets inside a folder: the names of its folders that hold an `interactions.csv.gz` or `interactions.csv`. */
export async function listDatasets(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) =>
      ['interactions.csv.gz', 'interactions.csv'].some((name) => existsSync(join(directory, entry.name, name))),
    )
    .map((entry) => entry.name)
    .sort()
}

/**
 * The first of the candidates that holds at least one data set, as an absolute path; undefined where none does.
 * Undefined candidates are passed over, so that options and environment variables can be given as they are.
 *
 * @example await findDataDirectory([options.data, process.env.SPARC_DATA, '../shared/data'])
 */
export async function findDataDirectory(candidates: readonly (string | undefined)[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    if (candidate && (await listDatasets(candidate)).length > 0) return resolve(candidate)
  }
  return undefined
}
