import { causalTransformer } from './transformer.ts'
import type { PlainHistory, SavedNetwork } from './user-encoder.ts'

/** Histories as user encoders read them, see `createHistoryReader`; undefined where that is as they are. */
export function historyReader(saved: SavedNetwork): ((history: PlainHistory) => PlainHistory) | undefined {
  const { dim, history: length, context } = saved.options
  if (!context) return undefined
  const transform = causalTransformer(saved, 'context', { ...context, heads: 1, scale: 1 })
  const output = saved.linear('context/output', dim, { rows: length })
  const added = new Float64Array(length * dim)
  const rows = new Float64Array(length * dim)
  return (history) => {
    const { count } = history
    output(transform(history, 0), count, added)
    for (let i = 0; i < count * dim; i++) rows[i] = history.rows[i] + added[i]
    return { ...history, rows }
  }
}
