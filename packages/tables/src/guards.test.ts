import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Guarded, guards, unlike } from './guards.ts'

const { arrayOf, count, number, object, oneOf, optional, positive, record, recordOf, size, text, truth } = guards

describe('guards', () => {
  it.each([
    ['text', text, ['', 'a'], [1, null, undefined, ['a']]],
    ['truth', truth, [true, false], [0, 'true', null]],
    ['number', number, [-1, 0.5], ['1', null, undefined]],
    ['positive', positive, [0.5, 3], [0, -1, Number.NaN, '1']],
    ['count', count, [0, 7], [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    ['size', size, [1, 7], [0, -1, 0.5, '1']],
    ['record', record, [{}, { a: 1 }], [[], null, 'a', undefined]],
    ['oneOf', oneOf('a', 'b'), ['a', 'b'], ['c', 1, undefined]],
    ['optional', optional(text), ['a', undefined], [null, 1]],
    ['arrayOf', arrayOf(count), [[], [1, 2]], [[1, -1], { 0: 1 }, null]],
    ['recordOf', recordOf(count), [{}, { a: 1 }], [{ a: -1 }, [1], null]],
  ])('%s lets through what it says, and nothing else', (_, guard, good, bad) => {
    for (const value of good) expect(guard(value), JSON.stringify(value)).toBe(true)
    for (const value of bad) expect(guard(value), JSON.stringify(value)).toBe(false)
  })

  it('an object has its properties as they are guarded, and may have more', () => {
    const point = object({ x: number, name: optional(text) })
    expect([{ x: 1 }, { x: 1, name: 'a', more: true }].map(point)).toEqual([true, true])
    expect([{}, { x: '1' }, { x: 1, name: 2 }, null, [1]].map(point)).toEqual([false, false, false, false, false])
    expectTypeOf<Guarded<typeof point>>().toEqualTypeOf<{ x: number; name: string | undefined }>()
  })

  it('takes no property from the prototype', () => {
    expect(object({ toString: optional(text) })({})).toBe(true)
    expect(unlike(Object.create({ x: 1 }), { x: number })).toBe('x')
  })

  it('names what is not as it should be', () => {
    expect(unlike({ x: 1, y: 'a' }, { x: number, y: number })).toBe('y')
    expect(unlike({ x: 1 }, { x: number })).toBeUndefined()
  })
})
