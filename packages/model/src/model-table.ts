import { type Csr, f32, InvalidInputError, type Items, i32, type Random, type SafeTensor } from '@sparc/tables'
import { createEmbeddingTable, type EmbeddingTable } from './embedding-table.ts'
import { type ItemFeatures, itemFeatures } from './item-features.ts'
import type { CommonOptions } from './options.ts'
import { featureRows } from './training/feature-rows.ts'
import { initialRows } from './training/initial-rows.ts'
import { countItems } from './training/sampler.ts'

/** The item table that training begins with; `breathe` is called every now and then, and may throw to stop. */
export async function startTable(
  options: CommonOptions,
  items: Items,
  sequences: Csr,
  random: Random,
  breathe?: () => Promise<void>,
): Promise<EmbeddingTable> {
  const { dim, initialScale: scale } = options
  const rows = await initialRows(options.initial, sequences, items.length, { dim, scale, random, breathe })
  if (!options.features) return createEmbeddingTable(items.length, dim, { random, values: rows })
  const features = itemFeatures(items)
  const values = new Float32Array((items.length + features.size) * dim)
  // What features can say of the start they say, ids the rest; what nobody used begins as its features say and nothing else.
  values.set(featureRows(features, rows, countItems(sequences, items.length), dim), rows.length)
  values.set(rows)
  return createEmbeddingTable(items.length, dim, { random, values, features })
}

/**
 * The table of a catalogue that has grown: old rows stay where they were, with the features that they had; new items have what their features give them, and
 * without features rows drawn small, which no history leads to before they are trained.
 *
 * @throws InvalidInputError `ITEMS_MOVED` where a row has changed its item
 */
export function growTable(
  table: EmbeddingTable,
  known: readonly string[],
  items: Items,
  scale: number,
  random: Random,
): EmbeddingTable {
  const moved = known.findIndex((id, row) => items.ids[row] !== id)
  if (moved >= 0) {
    throw new InvalidInputError('ITEMS_MOVED', {
      what: `Row ${moved} of the items table was "${known[moved]}" when the model learned, and is another item now`,
      given: items.ids[moved] ?? 'a shorter table',
      allowed: 'the old items in their old rows, new ones after them',
      next: 'Append new items at the end, or fit with { from: "scratch" }.',
    })
  }
  const { dim, rows } = table
  const features = table.features && withNewItems(table.features, itemFeatures(items, table.features.names), rows)
  const values = new Float32Array((items.length + (features?.size ?? 0)) * dim)
  values.set(table.values.subarray(0, rows * dim))
  values.set(table.values.subarray(rows * dim), items.length * dim)
  if (!features) for (let i = rows * dim; i < values.length; i++) values[i] = random.normal() * scale
  return createEmbeddingTable(items.length, dim, { random, values, features })
}

/** Features of the first `rows` items as they were, whatever a table says of them now, and of later ones as it says. */
function withNewItems(old: ItemFeatures, found: ItemFeatures, rows: number): ItemFeatures {
  const [kept, first] = [old.bags.values.length, found.bags.offsets[rows]]
  const offsets = found.bags.offsets.map((offset, item) =>
    item <= rows ? old.bags.offsets[item] : offset - first + kept,
  )
  const values = new Int32Array(offsets[offsets.length - 1])
  values.set(old.bags.values)
  values.set(found.bags.values.subarray(first), kept)
  const weights = new Float32Array(values.length)
  weights.set(old.weights)
  weights.set(found.weights.subarray(first), kept)
  return { ...old, bags: { offsets, values }, weights }
}

/** The tensors that a table is saved as. */
export function tableTensors({ rows, dim, values, features }: EmbeddingTable): Record<string, SafeTensor> {
  const items = f32([rows, dim], values.subarray(0, rows * dim))
  if (!features) return { items }
  const { size, bags, weights } = features
  return {
    items,
    features: f32([size, dim], values.subarray(rows * dim)),
    featureOffsets: i32([bags.offsets.length], bags.offsets),
    featureRows: i32([bags.values.length], bags.values),
    featureWeights: f32([weights.length], weights),
  }
}

/** The table that was saved as `tensors`; undefined where some are missing or of another shape. */
export function tableOfTensors(
  tensors: Record<string, SafeTensor>,
  names: string[],
  random: Random,
): EmbeddingTable | undefined {
  const { items } = tensors
  if (!items || !(items.data instanceof Float32Array) || items.shape.length !== 2) return undefined
  const [rows, dim] = items.shape
  if (!tensors.features) return createEmbeddingTable(rows, dim, { random, values: items.data })
  const found = savedFeatures(tensors, names, rows)
  const ofFeatures = tensors.features.data
  if (!found || !(ofFeatures instanceof Float32Array) || ofFeatures.length !== found.size * dim) return undefined
  const values = new Float32Array(items.data.length + ofFeatures.length)
  values.set(items.data)
  values.set(ofFeatures, items.data.length)
  return createEmbeddingTable(rows, dim, { random, values, features: found })
}

function savedFeatures(tensors: Record<string, SafeTensor>, names: string[], rows: number): ItemFeatures | undefined {
  const offsets = tensors.featureOffsets?.data
  const values = tensors.featureRows?.data
  const weights = tensors.featureWeights?.data
  if (!(offsets instanceof Int32Array) || !(values instanceof Int32Array)) return undefined
  if (!(weights instanceof Float32Array) || weights.length !== values.length) return undefined
  if (offsets.length !== rows + 1 || offsets[rows] !== values.length) return undefined
  return { size: tensors.features.shape[0], names, bags: { offsets, values }, weights }
}
