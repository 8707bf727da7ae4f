import { decodeSafetensors, InvalidFileError, openFolder, type Random, random as seeded } from '@sparc/tables'
import { z } from 'zod'
import { balanceSchema } from './balance.ts'
import type { Quantizer, TrainableQuantizer } from './quantizer.ts'
import { fromLevels, residualKMeansSchema } from './residual-k-means.ts'
import { assemble, type RqVae } from './rq-vae.ts'
import { FORMAT } from './save.ts'
import { createTrainable } from './trainable.ts'

const size = z.int().min(1).max(65536)

const trainableSchema = z.strictObject({
  kind: z.enum(['vector', 'residual']),
  sizes: z.array(size).min(1).max(16),
  dim: z.int().min(1),
  metric: z.enum(['euclidean', 'cosine']),
  gradient: z.enum(['straight-through', 'rotation']),
  update: z.enum(['gradient', 'average']),
  decay: z.number(),
  usageDecay: z.number(),
  commitment: z.number(),
  balance: balanceSchema.optional(),
})

const metaSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('vector'), options: trainableSchema }),
  z.strictObject({ kind: z.literal('residual'), options: trainableSchema }),
  z.strictObject({
    kind: z.literal('rq-vae'),
    options: z.strictObject({
      dim: z.int().min(1),
      encoder: z.enum(['mlp', 'identity']),
      hidden: z.array(z.int().min(1)),
      warmUp: z.int().min(0),
      core: trainableSchema,
    }),
  }),
  z.strictObject({ kind: z.literal('residual-k-means'), options: residualKMeansSchema }),
])

/** A quantizer of any kind; look at its `kind` to narrow it. */
export type AnyQuantizer =
  | (TrainableQuantizer & { kind: 'vector' | 'residual' })
  | (RqVae & { kind: 'rq-vae' })
  | (Quantizer & { kind: 'residual-k-means' })

function damaged(directory: string, cause: unknown): InvalidFileError {
  return new InvalidFileError('DAMAGED_CODEBOOK', {
    what: `The codebook in ${directory} does not fit together`,
    given: cause instanceof Error ? cause.message : String(cause),
    next: 'It was written by another release or changed by hand; save it again.',
    cause,
  })
}

/**
 * Reads back what `save` wrote, whatever its kind.
 *
 * @param options.random source for further training. Default: seed 1
 * @throws InvalidFileError `NO_SUCH_FILE`, `FOREIGN_FORMAT`, `NEWER_VERSION`, `TRUNCATED`, `CHECKSUM`,
 * `NOT_SAFETENSORS`, `DAMAGED_CODEBOOK`
 *
 * @example
 * await quantizer.save('codebook')
 * const again = await loadQuantizer('codebook')
 * again.encode(vectors) // the same codes
 */
export async function loadQuantizer(directory: string, options: { random?: Random } = {}): Promise<AnyQuantizer> {
  const { random = seeded(1) } = options
  const folder = await openFolder(directory, FORMAT)
  const parsed = metaSchema.safeParse(folder.meta)
  if (!parsed.success) throw damaged(directory, parsed.error)
  const { tensors } = decodeSafetensors(await folder.read('codebook.safetensors'))
  const arrays: Record<string, Float32Array> = {}
  for (const [name, { data }] of Object.entries(tensors)) {
    if (!(data instanceof Float32Array)) throw damaged(directory, `tensor "${name}" is not F32`)
    arrays[name] = data
  }
  const meta = parsed.data
  if (meta.kind === 'residual-k-means') {
    const { dim } = meta.options
    const sizes = [meta.options.size].flat()
    const levels = sizes.map((rows, l) => {
      const data = arrays[`codewords.${l}`]
      const prices = arrays[`prices.${l}`]
      if (data?.length !== rows * dim || prices?.length !== rows) throw damaged(directory, `level ${l} is incomplete`)
      return { vectors: { data, rows, dim }, prices }
    })
    return { ...fromLevels(meta.options, levels, random), kind: meta.kind }
  }
  const kind = meta.kind
  const quantizer =
    kind === 'rq-vae'
      ? { ...assemble(meta.options, random), kind }
      : { ...createTrainable({ ...meta.options, kind }, random), kind }
  try {
    quantizer.restore(arrays)
  } catch (error) {
    quantizer.dispose()
    throw damaged(directory, error)
  }
  return quantizer
}
