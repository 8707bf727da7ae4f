// Brings a fresh clone to where it runs: packages, native halves and, for the tests, a Python environment.
// Plain JavaScript without a dependency, for it runs before there is any. When all is in place it takes milliseconds.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const stampPath = join(root, 'node_modules', '.sparc-setup.json')
const retryMs = 3_600_000

// What the tests compare with: Milvus, and readers of the files that we write.
const pythonRequirements = ['milvus-lite>=3.2,<4', 'pymilvus>=2.6', 'numpy', 'pyarrow>=15', 'safetensors>=0.4']

const natives = [
  {
    command: 'tensorflow',
    addon: 'packages/model/node_modules/@tensorflow/tfjs-node/sparc-native.json',
    without: 'TensorFlow runs on WebAssembly, several times slower',
  },
  {
    command: 'faiss',
    addon: 'packages/index/node_modules/faiss-node/sparc-native.json',
    without: 'the index uses its exact engine',
  },
]

/**
 * Does what is still to do. Resolves to the environment variables that the child should get on top of ours.
 * With `tests`, the Python environment that tests against other software use is part of it.
 */
export async function setUp({ tests = false } = {}) {
  requireNode()
  const key = setupKey()
  let stamp = readStamp()
  if (stamp.key !== key) {
    const release = await takeTurn()
    stamp = readStamp()
    if (stamp.key !== key) {
      await install()
      stamp = { key, failed: {} }
      writeStamp(stamp)
    }
    release()
  }
  for (const native of natives) {
    if (existsSync(join(root, native.addon))) continue
    await attempt(stamp, native.command, native.without, () => sparcNative([native.command]).then(say))
  }
  if (!tests) return {}
  const wanted = pythonRequirements.join(' ')
  if (stamp.pythonHas !== wanted || !existsSync(join(stamp.python, 'bin', 'python'))) {
    await attempt(stamp, 'python', 'tests against Python and Milvus cannot run', async () => {
      stamp.python = (await sparcNative(['python', ...pythonRequirements])).trim()
      stamp.pythonHas = wanted
    })
  }
  if (stamp.python === undefined) return {}
  const environment = { SPARC_PYTHON: join(stamp.python, 'bin', 'python') }
  const milvus = join(stamp.python, 'bin', 'milvus-lite')
  return existsSync(milvus) ? { ...environment, SPARC_MILVUS_LITE: milvus } : environment
}

/** Runs Node in the repository's root with our own input and output; resolves to its exit code. Signals reach it. */
export async function runNode(args, environment = {}) {
  const env = { ...process.env, ...environment }
  const { code, signal } = await run(process.execPath, args, { stdio: 'inherit', env })
  return code ?? 128 + (constants.signals[signal] ?? 1)
}

let current
let stopping = false
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    stopping = true
    // A terminal sends Ctrl-C to the child as well, which decides what to do; all else is passed on.
    if (name !== 'SIGINT' || !process.stdin.isTTY) current?.kill(name)
  })
}

/** Runs a command in the repository's root to its end. */
function run(command, args, options) {
  return new Promise((resolve, reject) => {
    current = spawn(command, args, { cwd: root, ...options })
    let output = ''
    current.stdout?.on('data', (chunk) => {
      output += chunk
    })
    current.on('error', reject)
    current.on('close', (code, signal) => {
      current = undefined
      resolve({ code, signal, output })
    })
  })
}

/** Runs a command of the set-up; a signal ends the set-up with it. */
async function runStep(command, args, options) {
  const result = await run(command, args, options)
  if (stopping) process.exit(130)
  return result
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`This needs Node 20.19 or later; this is Node ${process.versions.node}.`)
  console.error('Install a current one from https://nodejs.org, or with nvm: nvm install 22')
  process.exit(1)
}

/** Changes whenever the installed packages may no longer be the right ones. */
function setupKey() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(join(root, file)))
  hash.update([process.versions.modules, process.platform, process.arch].join(' '))
  return hash.digest('hex')
}

async function install() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  say(`Installing packages with ${packageManager} …`)
  // pnpm need not be installed: npm, which comes with Node, fetches the very version that the project names.
  const args = ['exec', '--yes', `--package=${packageManager}`, '--', 'pnpm', 'install', '--frozen-lockfile']
  const code = await runNpm(args)
  if (code === 0) return
  say(`Installing the packages failed (exit code ${code}); what pnpm printed above says why.`)
  say('The npm registry must be within reach. To try by hand: npm exec --yes pnpm@… -- install --frozen-lockfile')
  process.exit(1)
}

/** Waits until no other process installs into this checkout; a lock whose process is gone counts for nothing. */
async function takeTurn() {
  const lock = `${stampPath}.lock`
  mkdirSync(dirname(lock), { recursive: true })
  for (let told = false; !claim(lock); told = true) {
    if (!isHeld(lock)) rmSync(lock, { force: true })
    else if (!told) say('Another process is installing here; waiting for it …')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const release = () => rmSync(lock, { force: true })
  process.once('exit', release)
  return () => {
    process.removeListener('exit', release)
    release()
  }
}

function claim(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    return pid > 0 ? process.kill(pid, 0) : Date.now() - statSync(lock).mtimeMs < 5_000
  } catch (error) {
    return error.code === 'EPERM'
  }
}

async function runNpm(args) {
  const script = process.env.npm_execpath
  const viaNode = script?.endsWith('npm-cli.js')
  const [command, all] = viaNode ? [process.execPath, [script, ...args]] : ['npm', args]
  const { code } = await runStep(command, all, { stdio: ['ignore', 2, 2], env: { ...process.env, CI: 'true' } })
  return code ?? 1
}

/** Runs a part of the set-up that all works without; one that failed is tried again after an hour. */
async function attempt(stamp, name, without, work) {
  const failedAt = stamp.failed?.[name]
  if (failedAt !== undefined && Date.now() - failedAt < retryMs) {
    say(`Set-up of "${name}" failed less than an hour ago: ${without}. To try at once, delete ${stampPath}`)
    return
  }
  try {
    await work()
    delete stamp.failed[name]
  } catch {
    stamp.failed[name] = Date.now()
    say(`Going on without "${name}": ${without}.`)
  }
  writeStamp(stamp)
}

/** Runs the `sparc-native` of this checkout, from its source, and gives what it prints; its messages are shown. */
async function sparcNative(args) {
  const node = ['--conditions=@sparc/source', '--import', 'tsx', 'packages/native/src/cli.ts', ...args]
  const { code, output } = await runStep(process.execPath, node, { stdio: ['ignore', 'pipe', 2] })
  if (code !== 0) throw new Error(`exit code ${code}`)
  return output
}

function readStamp() {
  try {
    const stamp = JSON.parse(readFileSync(stampPath, 'utf8'))
    return { failed: {}, ...stamp }
  } catch {
    return { failed: {} }
  }
}

function writeStamp(stamp) {
  mkdirSync(dirname(stampPath), { recursive: true })
  const temporary = `${stampPath}.${process.pid}`
  writeFileSync(temporary, JSON.stringify(stamp))
  renameSync(temporary, stampPath)
}

function say(text) {
  console.error(text.trimEnd())
}
