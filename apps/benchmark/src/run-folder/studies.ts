import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../config/is-object.ts'
import type { Study } from '../config/schema.ts'
import { together } from '../config/together.ts'
import { makeFolder } from './folder.ts'
import { readJson, readWhole, writeJson } from './json.ts'

/** What experiments a study has: `study.json` in its folder, beside a folder for each that has begun. */
interface StudyFile {
  format: 1
  name: string
  experiments: string[]
}

const file = 'study.json'

/**
 * Keeps what a study consists of, so that a table of a part of it can say what is missing. Experiments that have begun stay part
 * of it where a configuration no longer names them.
 */
export async function writeStudy({ name, experiments }: Study, folder: string): Promise<void> {
  makeFolder(folder)
  const begun = ((await readJson<StudyFile>(join(folder, file)))?.experiments ?? []).filter((each) =>
    existsSync(join(folder, each, 'run.json')),
  )
  const names = experiments.map((each) => each.name)
  const content: StudyFile = { format: 1, name, experiments: together(names, begun) }
  await writeJson(join(folder, file), content)
}

/** The folder of a study given by its name below the results folder, or by a path; undefined where it is none. */
export function studyFolder(given: string, out: string): string | undefined {
  return [join(out, given), given].find((each) => existsSync(join(each, file)))
}

/** The name of the study in a folder, and its experiments; undefined where there is none. */
export function readStudy(folder: string): Promise<Pick<StudyFile, 'name' | 'experiments'> | undefined> {
  return readWhole<StudyFile>(join(folder, file), (value) => isObject(value) && Array.isArray(value.experiments))
}

/** Makes a study consist of what another one consists of besides; begins it where it is not there. */
export async function joinStudy(from: string, to: string): Promise<void> {
  makeFolder(to)
  const theirs = await readJson<StudyFile>(join(from, file))
  const ours = (await readJson<StudyFile>(join(to, file))) ?? theirs
  if (theirs === undefined || ours === undefined) return
  await writeJson(join(to, file), { ...ours, experiments: together(ours.experiments, theirs.experiments) })
}
