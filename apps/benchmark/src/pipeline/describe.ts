import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import type { RunFile } from '../run-folder/results.ts'

const packages = ['@sparc/tables', '@sparc/codebook', '@sparc/model', '@sparc/index', '@sparc/eval', 'apache-arrow']

/** Versions of Node, of this project's packages and of what they stand on. */
export function versions(): Record<string, string> {
  const require = createRequire(import.meta.url)
  const found: Record<string, string> = { node: process.versions.node }
  for (const name of [...packages, '@tensorflow/tfjs', '@tensorflow/tfjs-node', 'faiss-node', '@duckdb/node-api']) {
    try {
      const { version } = require(`${name}/package.json`) as { version: string }
      found[name] = version
    } catch {
      found[name] = 'version unknown'
    }
  }
  return found
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
