import { PassThrough } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { bars } from './bars.ts'
import { duration } from './duration.ts'
import { lines } from './lines.ts'
import { timeLeft } from './time-left.ts'

it('says durations as people do', () => {
  expect([0.04, 9.4, 42.2, 185, 7800, Number.NaN].map(duration)).toEqual([
    '0.0 s',
    '9.4 s',
    '42 s',
    '3 min 05 s',
    '2 h 10 min',
    '?',
  ])
})

it('writes at most one line for each phase in a while, with the time left', () => {
  const written: string[] = []
  let time = 0
  const progress = lines(
    (line) => written.push(line),
    10,
    () => time,
  )
  const phase = progress.phase('sparc')
  for (time = 0; time <= 20_000; time += 1000) phase.update(time / 40_000, 'a note')
  phase.end('done')
  expect(written).toEqual([
    '  sparc: 25 %, 30 s left, a note',
    '  sparc: 50 %, 20 s left, a note',
    '  sparc: 21 s, done',
  ])
})

it('says what takes long also where nothing follows it, and nothing more once it has ended', () => {
  vi.useFakeTimers()
  const written: string[] = []
  const progress = lines((line) => written.push(line), 10)
  const phase = progress.phase('ease')
  vi.advanceTimersByTime(4000)
  phase.update(0.5, 'step 1/2')
  phase.update(1, 'recommend ...')
  vi.advanceTimersByTime(5999)
  expect(written).toEqual([])
  vi.advanceTimersByTime(1)
  expect(written).toEqual(['  ease: 100 %, recommend ...'])
  phase.update(1, 'evaluate ...')
  phase.end()
  // One that fails never ends.
  progress.phase('mind').update(0.5)
  progress.phase('sparc').update(0.5)
  progress.stop()
  vi.advanceTimersByTime(60_000)
  expect(written).toHaveLength(2)
  vi.useRealTimers()
})

it('takes what an earlier sitting did for done, not for fast', () => {
  let time = 0
  const left = timeLeft(() => time)
  time = 1000
  expect(left(0.5)).toBe('')
  time = 11_000
  expect(left(0.6)).toBe('40 s left')
})

it('draws a bar with its share, time left and note on a terminal, and leaves one line of it', () => {
  let shown = ''
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 120,
    cursorTo: () => true,
    clearLine: () => true,
  })
  stream.on('data', (text) => {
    shown += text
  })
  const phase = bars(stream).phase('sparc')
  phase.update(0.25, 'step 1/4')
  phase.end('R@50 .1700')
  expect(shown).toMatch(/sparc .*25%.*step 1\/4/s)
  expect(shown).toMatch(/sparc +0\.0 s {2}R@50 \.1700\n$/)
})
