import { expect, it } from 'vitest'
import { otherSittings, sittingText } from './sittings.ts'

const machine = { platform: 'linux-x64', cpus: 2, cpu: 'EPYC', memory: 24 }
const sitting = (versions: Record<string, string>) => ({ machine, versions: { node: '20.1.0', ...versions } })

it('tells rows of another commit apart, and those of a version that did not say its commit', () => {
  const [now, other, older] = [sitting({ commit: 'abc' }), sitting({ commit: 'def+changes' }), sitting({})]
  expect(otherSittings(now, [now, other, older])).toEqual([other, older])
  expect(otherSittings(now, [now])).toBeUndefined()
  expect(sittingText(now, other)).toBe('commit def+changes')
  expect(sittingText(now, older)).toBe('commit not known')
  expect(sittingText(older, now)).toBe('commit abc')
})
