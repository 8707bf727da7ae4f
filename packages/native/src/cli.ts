#!/usr/bin/env node
import { Command } from 'commander'
import { NativeError } from './errors.ts'
import { ensureFaiss } from './faiss.ts'
import { ensureTensorflow, type Provided } from './tensorflow.ts'

const program = new Command('sparc-native').option(
  '--from <dir>',
  'folder whose code loads the packages',
  process.cwd(),
)
const onEvent = (event: { text: string }) => process.stderr.write(`${event.text}\n`)
const show = (all: Provided[]) => {
  for (const one of all) process.stdout.write(`${one.package.name} ${one.package.version}: ${one.source}\n`)
}
program.command('tensorflow').action(async () => show(await ensureTensorflow({ from: program.opts().from, onEvent })))
program.command('faiss').action(async () => show(await ensureFaiss({ from: program.opts().from, onEvent })))
try {
  await program.parseAsync()
} catch (error) {
  if (!NativeError.isInstance(error)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
