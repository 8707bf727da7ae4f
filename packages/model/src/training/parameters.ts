import { InvalidFileError, type Random } from '@sparc/tables'
import * as tf from '@tensorflow/tfjs'
import { type AdamStep, adamAll, createMoments, type Moments, squaredNorm } from './adam.ts'

/** A dense parameter: TensorFlow computes with `variable`, the optimiser works on `value`, its copy in plain numbers. */
export interface Parameter {
  name: string
  variable: tf.Variable
  value: Float32Array
  moments: Moments
  /** The optimiser leaves it alone. */
  frozen: boolean
}

/** How a parameter begins. */
export type Initial = 'zeros' | 'ones' | 'identity' | { normal: number } | 'glorot'

/** The dense parameters of a model: everything whose size does not depend on the catalogue. */
export interface Parameters {
  readonly list: readonly Parameter[]
  /** Those that the optimiser moves. */
  readonly trained: readonly Parameter[]
  /** Makes a parameter. The `variable` is what networks compute with. */
  add<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], initial: Initial): tf.Variable<R>
  /**
   * Takes over a variable that somebody else made (a quantizer's codewords, say). It is not disposed with the others.
   * A frozen one is saved and restored like any, and stays where its owner puts it.
   */
  adopt(name: string, variable: tf.Variable, frozen?: boolean): void
  /** Reads adopted variables again, after their owner has changed them; their running means begin anew where `rows` says so. */
  pull(name: string, rows?: Iterable<number>): void
  /** One step of Adam with one gradient per trained parameter, in order; a parameter without a gradient stays as it is. */
  update(gradients: readonly (Float32Array | undefined)[], step: AdamStep): void
  /** Values by name, not copied. */
  values(): Record<string, Float32Array>
  /** Sets values by name, as `values()` gave them. */
  restore(values: Readonly<Record<string, Float32Array>>): void
  dispose(): void
}

function fill(value: Float32Array, shape: readonly number[], initial: Initial, random: Random): void {
  if (initial === 'zeros') return
  if (initial === 'ones') {
    value.fill(1)
  } else if (initial === 'identity') {
    for (let i = 0; i < Math.min(shape[0], shape[1]); i++) value[i * shape[1] + i] = 1
  } else if (initial === 'glorot') {
    const limit = Math.sqrt(6 / (shape[shape.length - 2] + shape[shape.length - 1]))
    for (let i = 0; i < value.length; i++) value[i] = (2 * random.next() - 1) * limit
  } else {
    for (let i = 0; i < value.length; i++) value[i] = random.normal() * initial.normal
  }
}

/** An empty set of parameters; `random` draws their initial values. */
export function createParameters(random: Random): Parameters {
  const list: Parameter[] = []
  const trained: Parameter[] = []
  const owned: tf.Variable[] = []
  const find = (name: string) => {
    const parameter = list.find((candidate) => candidate.name === name)
    if (!parameter) {
      throw new InvalidFileError('NO_SUCH_PARAMETER', {
        what: 'The model has no such parameter',
        given: name,
        allowed: list.map((known) => known.name).join(', '),
        next: 'Load a checkpoint of the same system and options.',
      })
    }
    return parameter
  }
  // The tensor may share memory with its source, so the optimiser's copy never becomes one.
  const push = ({ variable, value }: Parameter) => {
    const tensor = tf.tensor(value.slice(), variable.shape, 'float32')
    variable.assign(tensor)
    tensor.dispose()
  }
  const take = (name: string, variable: tf.Variable, value: Float32Array, frozen = false) => {
    const parameter = { name, variable, value, moments: createMoments(frozen ? 0 : value.length), frozen }
    list.push(parameter)
    if (!frozen) trained.push(parameter)
  }
  return {
    list,
    trained,
    add<R extends tf.Rank>(name: string, shape: tf.ShapeMap[R], initial: Initial) {
      const value = new Float32Array(shape.reduce((product: number, n: number) => product * n, 1))
      fill(value, shape, initial, random)
      const start = tf.tensor(value.slice(), shape, 'float32')
      const variable = tf.variable<R>(start as tf.Tensor<R>)
      start.dispose()
      take(name, variable, value)
      owned.push(variable)
      return variable
    },
    adopt: (name, variable, frozen) => take(name, variable, Float32Array.from(variable.dataSync()), frozen),
    pull(name, rows) {
      const { variable, value, moments } = find(name)
      value.set(variable.dataSync())
      const width = value.length / variable.shape[0]
      for (const row of rows ?? []) {
        moments.first.fill(0, row * width, (row + 1) * width)
        moments.second.fill(0, row * width, (row + 1) * width)
      }
    },
    update(gradients, step) {
      for (const [p, parameter] of trained.entries()) {
        const gradient = gradients[p]
        if (!gradient) continue
        adamAll(parameter.value, parameter.moments, gradient, step)
        push(parameter)
      }
    },
    values: () => Object.fromEntries(list.map(({ name, value }) => [name, value])),
    restore(values) {
      for (const [name, given] of Object.entries(values)) {
        const parameter = find(name)
        if (parameter.value.length !== given.length) {
          throw new InvalidFileError('WRONG_SHAPE', {
            what: `Parameter "${name}" has another shape`,
            given: `${given.length} numbers`,
            allowed: `[${parameter.variable.shape.join(', ')}]`,
            next: 'Load a checkpoint of the same system and options.',
          })
        }
        parameter.value.set(given)
        push(parameter)
      }
    },
    dispose() {
      for (const variable of owned) variable.dispose()
    },
  }
}

/** `1`, or what brings the norm of all gradients together down to `limit`. */
export function clipScale(gradients: Iterable<Float32Array | undefined>, limit: number | undefined): number {
  if (limit === undefined) return 1
  let squares = 0
  for (const gradient of gradients) if (gradient) squares += squaredNorm(gradient)
  const norm = Math.sqrt(squares)
  return norm > limit ? limit / norm : 1
}
