#!/usr/bin/env node
import { sparcEval } from './command.ts'

process.exitCode = await sparcEval(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
})
