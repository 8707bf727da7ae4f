/** One thing that takes long. */
export interface Phase {
  /** `fraction` in [0, 1]; `note` is what to show beside it. */
  update(fraction: number, note?: string): void
  end(note?: string): void
}

/** Where a run says what it does: bars on a terminal, plain lines elsewhere, nothing in tests. */
export interface Progress {
  say(line: string): void
  phase(label: string): Phase
  stop(): void
}

/** Says nothing. */
export const silent: Progress = {
  say() {},
  phase: () => ({ update() {}, end() {} }),
  stop() {},
}
