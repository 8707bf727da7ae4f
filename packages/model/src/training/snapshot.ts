import type { EmbeddingTable } from '../embedding-table.ts'
import type { Network } from '../network.ts'

/** A copy of everything that makes a model what it is. */
export interface Snapshot {
  step: number
  /** `[items * dim]` */
  rows: Float32Array
  dense: Record<string, Float32Array>
  state?: Record<string, Float32Array>
}

/** Holds a copy of the best state so far. */
export interface Snapshots {
  /** The copy that is held. */
  held: Snapshot | undefined
  /** Copies the state as it is now, over the copy before. */
  take(step: number): void
  /** Puts the copy back, where one is held. */
  restore(): void
}

export function createSnapshots(network: Network, table: EmbeddingTable): Snapshots {
  const snapshots: Snapshots = {
    held: undefined,
    take(step) {
      const rows = snapshots.held?.rows ?? new Float32Array(table.values.length)
      rows.set(table.values)
      const values = Object.entries(network.parameters.values())
      const dense = Object.fromEntries(values.map(([name, value]) => [name, value.slice()]))
      snapshots.held = { step, rows, dense, state: network.state?.() }
    },
    restore() {
      const { held } = snapshots
      if (!held) return
      table.values.set(held.rows)
      network.parameters.restore(held.dense)
      if (held.state) network.restore?.(held.state)
    },
  }
  return snapshots
}
