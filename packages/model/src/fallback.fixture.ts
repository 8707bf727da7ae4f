// Trains every learned system on whatever backend SPARC_BACKEND asks for and prints what came of it, and of a quantizer's gradient;
// run by tensorflow.test.ts in a process of its own, since a process has one backend.
import { createResidualQuantizer } from '@sparc/codebook'
import { random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { loadTensorflow } from './index.ts'
import { learned, learning } from './systems.fixture.ts'

const { backend, advice } = await loadTensorflow()
const recalls: Record<string, { before: number; after: number }> = {}
for (const name of backend === 'wasm' ? learned : []) recalls[name] = await learning(name)
const quantizer = createResidualQuantizer({ levels: 2, size: 4, dim: 3, random: random(1) })
const draw = random(2)
const vectors = tf.tensor2d(
  Float32Array.from({ length: 60 }, () => draw.normal()),
  [20, 3],
)
const { grads } = tf.variableGrads(() => quantizer.quantize(vectors).losses.total)
const slopes = Object.values(grads).map((slope) => Array.from(slope.dataSync()))
process.stdout.write(JSON.stringify({ backend, advice, recalls, slopes }))
