import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { csr, random } from '@sparc/tables'
import { bench, describe } from 'vitest'
import { comirecSaOptions } from '../comirec/comirec-sa.ts'
import { comirecSaNetwork } from '../comirec/network-sa.ts'
import { createEmbeddingTable } from '../embedding-table.ts'
import { encodeItems } from '../encode.ts'
import type { Network } from '../network.ts'
import { sparcNetwork } from '../sparc/network.ts'
import { sparcOptions } from '../sparc/sparc.ts'
import { loadTensorflow } from '../tensorflow.ts'
import { twoTowerNetwork } from '../two-tower/network.ts'
import { twoTowerOptions } from '../two-tower/two-tower.ts'
import { createDropout } from './dropout.ts'
import { createNegatives, negativeOptions } from './negatives.ts'
import { createSampler } from './sampler.ts'
import { createStep } from './step.ts'

// Batch 256, history 20, dim 64, 1,280 negatives, item ids by Zipf's law, no dropout. With SPARC_PEER_PYTHON set to a Python
// that has torch, PyTorch's sparse step of the same shape (tools/peers/torch_step.py) takes its turn in the same run. On a machine
// that others use, give both one thread (TF_NUM_INTRAOP_THREADS=1 SPARC_PEER_THREADS=1): PyTorch's threads wait for each other.
const BATCH = 256
const SHAPE = { dim: 64, history: 20, batch: BATCH, dropout: 0, temperature: 0.1 }
const TURNS = { iterations: 60, warmupIterations: 20, time: 0, warmupTime: 0 }

await loadTensorflow()

function zipf(items: number, source: () => number): () => number {
  const sums = new Float64Array(items)
  let total = 0
  for (let i = 0; i < items; i++) {
    total += (i + 1) ** -0.8
    sums[i] = total
  }
  return () => {
    const wanted = source() * total
    let [low, high] = [0, items - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** One training step at a time of a network over a catalogue of `items`. */
function stepper(make: (draw: ReturnType<typeof random>) => Network, items: number): () => void {
  const draw = random(1)
  const item = zipf(items, draw.next)
  const sequences = csr(Array.from({ length: 2000 }, () => Array.from({ length: 40 }, item)))
  const network = make(draw)
  const table = createEmbeddingTable(items, SHAPE.dim, { random: draw })
  // Memory is the system's to give until it is written to. PyTorch writes its running means whole in its first step.
  for (const means of [table.moments.first, table.moments.second]) means.fill(0)
  const counts = new Int32Array(items).fill(1)
  const take = createStep({
    network,
    table,
    sampler: createSampler(sequences, { batch: BATCH, history: SHAPE.history, minHistory: 4, random: draw }),
    negatives: createNegatives(negativeOptions.parse({}), counts, BATCH, draw),
    dropout: createDropout(draw, draw).dropout,
  })
  const quiet = { phase: () => undefined, codebook: () => undefined }
  network.between?.({
    step: 0,
    steps: 1,
    share: 0,
    items: () => encodeItems(network, table),
    counts,
    random: draw,
    ...quiet,
  })
  let step = 0
  return () => void take(++step, 1e-3)
}

const python = process.env.SPARC_PEER_PYTHON
const threads = process.env.SPARC_PEER_THREADS ?? '2'

/** PyTorch's step, taken when asked for. */
function torchStep(model: string, items: number): () => Promise<void> {
  const script = new URL('../../../../tools/peers/torch_step.py', import.meta.url).pathname
  let peer: ChildProcessWithoutNullStreams | undefined
  return async () => {
    if (!peer) {
      peer = spawn(python ?? 'python3', [script, model, '--items', String(items), '--threads', threads])
      const lines = createInterface(peer.stdout)
      lines.on('line', () => peer?.emit('step'))
      process.once('exit', () => peer?.kill())
    }
    peer.stdin.write('\n')
    await once(peer, 'step')
  }
}

const networks: Record<string, (draw: ReturnType<typeof random>) => Network> = {
  'two-tower': (draw) => twoTowerNetwork(twoTowerOptions.parse(SHAPE), draw),
  'comirec-sa': (draw) => comirecSaNetwork(comirecSaOptions.parse(SHAPE), draw),
  sparc: (draw) => sparcNetwork(sparcOptions.parse({ ...SHAPE, warmUpSteps: 0 }), draw),
}

for (const items of [20_000, 2_000_000]) {
  describe(`training step, ${items.toLocaleString('en')} items`, () => {
    for (const [name, make] of Object.entries(networks)) {
      if (name === 'sparc' && items > 20_000) continue
      let take: (() => void) | undefined
      const step = () => {
        take ??= stepper(make, items)
        take()
      }
      bench(name, step, TURNS)
      if (python && name !== 'sparc') bench(`${name}, PyTorch sparse`, torchStep(name, items), TURNS)
    }
  })
}
