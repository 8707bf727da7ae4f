/**
 * Knows which epochs are being read, so that what a writer took out of the index is freed only when nobody can see it
 * any more.
 */
export function readers() {
  const reading = new Map<number, number>()
  let retired: { epoch: number; free: () => void | Promise<void> }[] = []

  async function sweep(): Promise<void> {
    const oldest = Math.min(Number.POSITIVE_INFINITY, ...reading.keys())
    const due = retired.filter(({ epoch }) => epoch < oldest)
    retired = retired.filter(({ epoch }) => epoch >= oldest)
    for (const { free } of due) {
      const pending = free()
      if (pending) await pending
    }
  }
  return {
    /** Runs a read of the state of this epoch. */
    async read<T>(epoch: number, run: () => Promise<T>): Promise<T> {
      reading.set(epoch, (reading.get(epoch) ?? 0) + 1)
      try {
        return await run()
      } finally {
        const left = (reading.get(epoch) ?? 1) - 1
        if (left === 0) reading.delete(epoch)
        else reading.set(epoch, left)
        if (left === 0 && retired.length > 0) await sweep()
      }
    },
    /** Frees something that the states up to `epoch` still show, when the last of their readers is done. */
    async retire(epoch: number, free: () => void | Promise<void>): Promise<void> {
      retired.push({ epoch, free })
      await sweep()
    },
  }
}
