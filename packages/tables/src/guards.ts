/** Says whether a value that was read, from JSON say, is a `T`. */
export type Guard<T> = (value: unknown) => value is T

/** What a guard lets through. */
export type Guarded<G> = G extends Guard<infer T> ? T : never

/**
 * Guards by name, for files that our own code wrote: they say yes or no. Who needs to be told what is wrong uses `parseOptions`
 * with a zod schema; these need no zod, which takes 14 MB of memory, more than all else that serving loads.
 */
export const guards = {
  text: (value: unknown): value is string => typeof value === 'string',
  truth: (value: unknown): value is boolean => typeof value === 'boolean',
  number: (value: unknown): value is number => typeof value === 'number',
  /** A number above zero. */
  positive: (value: unknown): value is number => typeof value === 'number' && value > 0,
  /** 0, 1, 2, ... */
  count: (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
  /** 1, 2, 3, ... */
  size: (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0,
  /** Anything by name. */
  record: (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
  oneOf:
    <const T extends string>(...names: T[]): Guard<T> =>
    (value: unknown): value is T =>
      names.some((name) => name === value),
  optional:
    <T>(guard: Guard<T>): Guard<T | undefined> =>
    (value: unknown): value is T | undefined =>
      value === undefined || guard(value),
  arrayOf:
    <T>(guard: Guard<T>): Guard<T[]> =>
    (value: unknown): value is T[] =>
      Array.isArray(value) && value.every(guard),
  recordOf:
    <T>(guard: Guard<T>): Guard<Record<string, T>> =>
    (value: unknown): value is Record<string, T> =>
      guards.record(value) && Object.values(value).every(guard),
  /** An object whose properties are let through, each by its own guard; what else it has does not matter. */
  object:
    <S extends Record<string, Guard<unknown>>>(shape: S): Guard<{ [name in keyof S]: Guarded<S[name]> }> =>
    (value: unknown): value is { [name in keyof S]: Guarded<S[name]> } =>
      guards.record(value) && unlike(value, shape) === undefined,
}

/** The first property that its guard does not let through. */
export function unlike(value: Record<string, unknown>, shape: Record<string, Guard<unknown>>): string | undefined {
  return Object.keys(shape).find((name) => !shape[name](Object.hasOwn(value, name) ? value[name] : undefined))
}
