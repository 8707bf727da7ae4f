import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Milvus server of a test's own. */
export interface TestServer {
  address: string
  /** True once the process is gone and its port is free again. */
  stop(): Promise<boolean>
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The executable of milvus-lite, from the environment. */
function executable(): string {
  const path = process.env.SPARC_MILVUS_LITE
  if (path && existsSync(path)) return path
  throw new Error(
    `The tests of the milvus engine need a server: SPARC_MILVUS_LITE is ${path ? `"${path}", which is not there` : 'not set'}. ` +
      'Run them by `npm test`, which sets it up, or: python3 -m venv V && V/bin/pip install milvus-lite pymilvus, then set ' +
      'SPARC_MILVUS_LITE=V/bin/milvus-lite.',
  )
}

/** Starts milvus-lite on a free port of the loopback interface. */
export async function startMilvus(): Promise<TestServer> {
  const command = executable()
  const directory = await mkdtemp(join(tmpdir(), 'sparc-milvus-'))
  const port = await freePort()
  const args = ['server', '--data-dir', directory, '--host', '127.0.0.1', '--port', String(port)]
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr?.on('data', (data) => {
    log = (log + data).slice(-2000)
  })
  const stopped = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    await end(child, stopped)
    await rm(directory, { recursive: true, force: true })
    return !(await answers(port))
  }
  const deadline = Date.now() + 50_000
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`milvus-lite did not start: ${log}`)
    }
    await wait(100)
  }
  return { address: `127.0.0.1:${port}`, stop }
}

async function end(child: ChildProcess, stopped: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 5000)
  await stopped
  clearTimeout(force)
}
