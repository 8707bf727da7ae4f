#!/usr/bin/env node
import { createRequire } from 'node:module'
import { Command } from 'commander'
import { doctor } from './doctor.ts'
import { NativeError } from './errors.ts'
import { ensureFaiss } from './faiss.ts'
import type { EnsureOptions, Provided } from './provide.ts'
import { ensurePython } from './python.ts'
import { describeFindings, describeProvided, showEvents } from './report.ts'
import { ensureTensorflow, ensureTensorflowGpu } from './tensorflow.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
const onEvent = showEvents(process.stderr)

const program = new Command('sparc-native')
  .description('Provides the native halves of @tensorflow/tfjs-node, @tensorflow/tfjs-node-gpu and faiss-node.')
  .version(version)

const targets: [string, string, (options: EnsureOptions) => Promise<Provided[]>][] = [
  ['tensorflow', 'TensorFlow’s C library for @tensorflow/tfjs-node', ensureTensorflow],
  ['tensorflow-gpu', 'the same with CUDA 12 for @tensorflow/tfjs-node-gpu', ensureTensorflowGpu],
  ['faiss', 'FAISS for faiss-node', ensureFaiss],
]
for (const [name, description, ensure] of targets) {
  program
    .command(name)
    .description(description)
    .option('--from <dir>', 'folder whose code loads the package', process.cwd())
    .option('--no-upstream', 'do not try the package’s own installer first')
    .action(async (options: EnsureOptions) => {
      process.stdout.write(describeProvided(await ensure({ ...options, onEvent })))
    })
}

program
  .command('python')
  .description('a Python environment with some pip requirements, for tests against other software; prints its folder')
  .argument('<requirements...>')
  .action(async (requirements: string[]) => {
    process.stdout.write(`${(await ensurePython(requirements, { onEvent })).directory}\n`)
  })

program
  .command('doctor')
  .description('what is there, which version, what is missing, and the command that mends it')
  .option('--from <dir>', 'folder whose code loads the packages', process.cwd())
  .action(async (options: { from: string }) => {
    process.stdout.write(describeFindings(await doctor(options)))
  })

// Leaving by `exit` ends the commands that were started, too; what was half done is swept up by the next call.
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))

try {
  await program.parseAsync()
} catch (error) {
  if (!NativeError.isInstance(error)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
