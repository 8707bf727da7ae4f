/** How users or their histories are divided, see `@sparc/eval`. */
export const splitKinds = ['by-user', 'leave-one-out', 'by-time'] as const
export type SplitKind = (typeof splitKinds)[number]
