import type { EmbeddingTable } from '../embedding-table.ts'
import type { Network } from '../network.ts'

/** Holds a copy of the best state so far. */
export interface Snapshots {
  /** Step of the copy that is held. */
  readonly step: number | undefined
  /** Copies the state as it is now, over the copy before. */
  take(step: number): void
  /** Puts the copy back; returns its step, or undefined where nothing is held. */
  restore(): number | undefined
}

export function createSnapshots(network: Network, table: EmbeddingTable): Snapshots {
  let step: number | undefined
  let rows: Float32Array | undefined
  let dense: Record<string, Float32Array> = {}
  let state: Record<string, Float32Array> | undefined
  return {
    get step() {
      return step
    },
    take(now) {
      rows ??= new Float32Array(table.values.length)
      rows.set(table.values)
      dense = Object.fromEntries(
        Object.entries(network.parameters.values()).map(([name, value]) => [name, value.slice()]),
      )
      state = network.state?.()
      step = now
    },
    restore() {
      if (step === undefined || !rows) return undefined
      table.values.set(rows)
      network.parameters.restore(dense)
      if (state) network.restore?.(state)
      return step
    },
  }
}
