import { expect, it } from 'vitest'
import { shownIn, stopwatch } from './stopwatch.ts'

it('adds up the seconds of each phase to those of earlier sittings, and shows a phase as it begins', async () => {
  const watch = stopwatch({ index: 10 })
  const seen: string[] = []
  const shown = shownIn({ update: (fraction, note) => seen.push(`${fraction} ${note}`), end() {} }, watch)
  expect(await shown.time('index', () => seen.push('work'))).toBe(2)
  expect(seen).toEqual(['1 index ...', 'work'])
  expect(watch.seconds.index).toBeGreaterThan(10)
  expect(shown.seconds).toBe(watch.seconds)
})
