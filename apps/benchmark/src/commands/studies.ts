import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Study } from '../config/schema.ts'
import { makeFolder } from '../run-folder/folder.ts'
import { readJson, writeJson } from '../run-folder/json.ts'

/** What experiments a study has: `study.json` in its folder, beside a folder for each that has begun. */
interface StudyFile {
  format: 1
  name: string
  experiments: string[]
}

const file = 'study.json'

/** Keeps what a study consists of, so that a table of a part of it can say what is missing. */
export async function writeStudy({ name, experiments }: Study, folder: string): Promise<void> {
  makeFolder(folder)
  const content: StudyFile = { format: 1, name, experiments: experiments.map((each) => each.name) }
  await writeJson(join(folder, file), content)
}

/** The experiments of the study in a folder; undefined where there is none. */
export async function experimentsIn(folder: string): Promise<string[] | undefined> {
  return existsSync(join(folder, file)) ? (await readJson<StudyFile>(join(folder, file)))?.experiments : undefined
}

/** Begins a study that consists of what another one consists of. */
export async function copyStudy(from: string, to: string): Promise<void> {
  makeFolder(to)
  await writeJson(join(to, file), await readJson<StudyFile>(join(from, file)))
}
