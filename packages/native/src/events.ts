/** What a long set-up tells whoever watches it. */
export type NativeEvent =
  /** Something begins: shown as a line. */
  | { kind: 'step'; text: string }
  /** Something long goes on: bytes so far, and of how many where that is known. */
  | { kind: 'progress'; text: string; bytes: number; total?: number }
  /** Something did not work and the set-up goes on another way. */
  | { kind: 'warning'; text: string }

/** Receives the events of a set-up. */
export type OnEvent = (event: NativeEvent) => void
