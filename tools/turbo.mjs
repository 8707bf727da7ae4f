// Runs turbo with the project's own version of pnpm on the PATH, which turbo wants and a machine need not have.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const args = ['exec', '--yes', `--package=${packageManager}`, '--', 'turbo', ...process.argv.slice(2)]
const child = spawn('npm', args, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
})
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
