import type { EngineShard } from './engine.ts'

/** A shard whose rows are read from disk when it is first looked into. A read that fails is tried again by the next. */
export function lazyShard(rows: number, load: () => Promise<EngineShard>): EngineShard {
  let loaded: EngineShard | undefined
  let loading: Promise<void> | undefined
  const now = (): EngineShard => {
    if (loaded) return loaded
    throw new Error('A shard was used before it was loaded')
  }
  return {
    length: () => loaded?.length() ?? rows,
    ready() {
      if (loaded) return undefined
      loading ??= load()
        .then((shard) => {
          loaded = shard
        })
        .finally(() => {
          loading = undefined
        })
      return loading
    },
    append: (vectors, items) => now().append(vectors, items),
    scan: (seen, batch, members) => now().scan(seen, batch, members),
    read: (row, out, at) => now().read(row, out, at),
    bytes: () => loaded?.bytes() ?? 0,
    release: () => loaded?.release(),
  }
}
