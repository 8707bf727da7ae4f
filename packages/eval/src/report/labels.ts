/** Pixels between the feet of two names. */
export const LINE = 15

/** Pixels that the longest name takes at most in bold letters of 12 px: fonts differ, and a name that is cut can't be read. */
export function labelWidth(names: readonly string[]): number {
  return 8 * Math.max(...names.map((name) => name.length))
}

/** Moves values apart until each is at least `gap` from the next, as little as that takes, inside [bottom, top]. */
export function spread(values: number[], gap: number, top: number, bottom = 0): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j])
  const placed = [...values]
  let least = bottom
  for (const i of order) {
    placed[i] = Math.max(placed[i], least)
    least = placed[i] + gap
  }
  let most = top
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], most)
    most = placed[i] - gap
  }
  return placed
}

/** Where a name stands relative to its dot, in pixels. */
export interface LabelPlace {
  dx: number
  dy: number
  anchor: 'start' | 'end'
}

type Box = Record<'left' | 'right' | 'top' | 'bottom', number>

/** Square pixels that two boxes share. */
function shared(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return Math.max(0, width) * Math.max(0, height)
}

/** Beside its dot, then a line or more higher or lower: the nearest first. */
const candidates = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((lines) =>
  (lines === 0 ? [0] : [-14 * lines, 14 * lines]).flatMap((dy): LabelPlace[] => [
    { dx: 9, dy, anchor: 'start' },
    { dx: -9, dy, anchor: 'end' },
  ]),
)

/**
 * Places a name beside each dot: right of it, else left, else a line or more higher or lower, wherever it first overlaps
 * neither a dot nor a name placed before it; inside of the figure in any case, where it overlaps least.
 */
export function placeLabels(
  dots: { x: number; y: number; name: string }[],
  width: number,
  height = Number.POSITIVE_INFINITY,
): LabelPlace[] {
  const taken: Box[] = dots.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }))
  return dots.map(({ x, y, name }) => {
    const length = labelWidth([name])
    const boxOf = ({ dx, dy, anchor }: LabelPlace): Box => {
      const left = anchor === 'start' ? x + dx : x + dx - length
      return { left, right: left + length, top: y + dy - 7, bottom: y + dy + 7 }
    }
    const outside = ({ left, right, top, bottom }: Box) =>
      Math.max(0, -left) + Math.max(0, right - width) + Math.max(0, -8 - top) + Math.max(0, bottom - height)
    const cost = (place: LabelPlace) => {
      const box = boxOf(place)
      return 1e6 * outside(box) + taken.reduce((sum, other) => sum + shared(box, other), 0)
    }
    let best = candidates[0]
    let least = Number.POSITIVE_INFINITY
    for (const place of candidates) {
      const now = cost(place)
      if (now < least) [best, least] = [place, now]
      if (least === 0) break
    }
    taken.push(boxOf(best))
    return best
  })
}
