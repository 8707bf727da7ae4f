import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { RunFile } from '../run-folder/results.ts'
import { commit } from './commit.ts'

const packages = ['@sparc/tables', '@sparc/codebook', '@sparc/model', '@sparc/index', '@sparc/eval', 'apache-arrow']

/** The commit of this project that runs, where that is known; versions of Node, of its packages and of what they stand on. */
export function versions(): Record<string, string> {
  const here = commit()
  const found: Record<string, string> = { ...(here !== undefined && { commit: here }), node: process.versions.node }
  for (const name of [...packages, '@tensorflow/tfjs', '@tensorflow/tfjs-node', 'faiss-node', '@duckdb/node-api']) {
    found[name] = versionOf(name) ?? 'not installed'
  }
  return found
}

/** Not every package exports its `package.json`, so it is looked for where Node would look for the package. */
function versionOf(name: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  const path = folders.map((folder) => join(folder, name, 'package.json')).find(existsSync)
  if (path === undefined) return undefined
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return version
}

/** The machine, without anything that names it. */
export function machine(): RunFile['machine'] {
  const all = cpus()
  return {
    platform: `${process.platform}-${process.arch}`,
    cpus: all.length,
    cpu: all[0]?.model.trim() ?? 'unknown',
    memory: Math.round(totalmem() / 2 ** 30),
  }
}
