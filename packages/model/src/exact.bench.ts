import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { random } from '@sparc/tables'
import { bench, describe } from 'vitest'
import { exactTopK } from './exact.ts'
import { itemScorer } from './item-scorer.ts'

// With SPARC_PEER_PYTHON set to a Python that has torch, PyTorch's matmul and topk (tools/peers/torch_topk.py, two threads) take
// their turn in the same run.
const USERS = 20_000
const dim = 64
const draw = random(1)
const matrix = (rows: number) => ({ data: Float32Array.from({ length: rows * dim }, () => draw.normal()), rows, dim })
const scorer = await itemScorer(matrix(25_000))
const vectors = matrix(USERS)
const offsets = (users: number, interests: number) => Int32Array.from({ length: users + 1 }, (_, r) => r * interests)
const turns = { iterations: 5, warmupIterations: 1, time: 0, warmupTime: 0 }

const python = process.env.SPARC_PEER_PYTHON
let peer: ChildProcessWithoutNullStreams | undefined

/** PyTorch's lists, made when asked for. */
async function torch(): Promise<void> {
  if (!peer) {
    const script = new URL('../../../tools/peers/torch_topk.py', import.meta.url).pathname
    peer = spawn(python ?? 'python3', [script, '--turns', '--users', String(USERS)])
    createInterface(peer.stdout).on('line', () => peer?.emit('ranked'))
    process.once('exit', () => peer?.kill())
  }
  peer.stdin.write('\n')
  await once(peer, 'ranked')
}

describe('exact top 100 of 25,000 items, dim 64', () => {
  bench('20,000 users', () => void exactTopK({ vectors, offsets: offsets(USERS, 1), k: 100 }, scorer), turns)
  if (python) bench('20,000 users, PyTorch', torch, turns)
  bench('20,000 users again', () => void exactTopK({ vectors, offsets: offsets(USERS, 1), k: 100 }, scorer), turns)
  bench(
    '1,000 users, mixture of four',
    () => void exactTopK({ vectors, offsets: offsets(1000, 4), k: 100, merge: 'mixture' }, scorer),
    turns,
  )
  bench('one user', () => void exactTopK({ vectors, offsets: offsets(1, 1), k: 100 }, scorer), {
    ...turns,
    iterations: 300,
  })
})
