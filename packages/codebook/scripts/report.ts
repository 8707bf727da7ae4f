/**
 * What each quantizer does to a file of item vectors: reconstruction, health and time, one JSON object per line.
 *
 * usage: node --conditions=@sparc/source --import tsx packages/codebook/scripts/report.ts VECTORS.safetensors
 *        [--size 64] [--levels 3] [--epochs 20] [--only NAME]
 * VECTORS has one float32 tensor `vectors`, as tools/peers/item_vectors.py writes it.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { decodeSafetensors, type Matrix, random } from '@sparc/tables'
import {
  createResidualKMeans,
  createResidualQuantizer,
  createRqVae,
  type Health,
  type Quantizer,
} from '../src/index.ts'
import { pickBackend } from '../src/tensorflow.fixture.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '64' },
    levels: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '20' },
    only: { type: 'string', multiple: true },
  },
})

function readVectors(path: string): Matrix {
  const { shape, data } = decodeSafetensors(readFileSync(path)).tensors.vectors
  return { data: Float32Array.from(data, Number), rows: shape[0], dim: shape[1] }
}

await pickBackend()

const vectors = readVectors(positionals[0])
const options = { size: Number(values.size), levels: Number(values.levels), dim: vectors.dim }
const source = () => ({ ...options, random: random(1) })
const quantizers: Record<string, () => Quantizer> = {
  'residual k-means': () => createResidualKMeans(source()),
  'residual k-means, capacity 1.25': () => createResidualKMeans({ ...source(), capacity: 1.25 }),
  'residual quantizer': () => createResidualQuantizer(source()),
  'residual quantizer, capacity': () => createResidualQuantizer({ ...source(), balance: { by: 'capacity' } }),
  'residual quantizer, Sinkhorn': () => createResidualQuantizer({ ...source(), balance: { by: 'sinkhorn' } }),
  'residual quantizer, entropy': () => createResidualQuantizer({ ...source(), balance: { by: 'entropy' } }),
  'RQ-VAE': () => createRqVae({ ...source(), hidden: [256], latent: vectors.dim }),
}

function line(health: Health): Record<string, unknown> {
  const round = (value: number) => Number(value.toFixed(4))
  return {
    error: round(health.reconstruction ?? 0),
    usage: health.levels.map((level) => round(level.usage)),
    perplexity: health.levels.map((level) => round(level.perplexity / level.counts.length)),
    largest: health.levels.map((level) => round(level.largest * level.counts.length)),
    collisions: round(health.collisions),
    uniform: round(health.uniformCollisions),
  }
}

const names = values.only ?? Object.keys(quantizers)
for (const name of names) {
  const quantizer = quantizers[name]()
  const { seconds, health } = await quantizer.fit(vectors, { epochs: Number(values.epochs) })
  const distinct = quantizer.health(quantizer.encode(vectors, { distinct: true, capacity: 1.25 }), vectors)
  const shape = { rows: vectors.rows, dim: vectors.dim, levels: options.levels, size: options.size }
  process.stdout.write(`${JSON.stringify({ name, ...shape, seconds: Number(seconds.toFixed(1)), ...line(health) })}\n`)
  process.stdout.write(`${JSON.stringify({ name: `${name}, within 1.25, distinct`, ...shape, ...line(distinct) })}\n`)
  quantizer.dispose()
}
