/** Pixels that the longest name takes at 12 px, roughly. */
export function labelWidth(names: string[]): number {
  return 7 * Math.max(...names.map((name) => name.length))
}

/** Moves values apart until each is at least `gap` from the next, as little as that takes, inside [0, top]. */
export function spread(values: number[], gap: number, top: number): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j])
  const placed = [...values]
  let least = Number.NEGATIVE_INFINITY
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

/**
 * Places a name beside each dot: right of it, else left, else a line or more higher or lower, wherever it first overlaps
 * neither a dot nor a name placed before it.
 */
export function placeLabels(dots: { x: number; y: number; name: string }[], width: number): LabelPlace[] {
  const taken = dots.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }))
  return dots.map(({ x, y, name }) => {
    const length = labelWidth([name])
    const candidates = [0, -14, 14, -28, 28, -42, 42].flatMap((dy): LabelPlace[] => [
      { dx: 9, dy, anchor: 'start' },
      { dx: -9, dy, anchor: 'end' },
    ])
    const boxOf = ({ dx, dy, anchor }: LabelPlace) => {
      const left = anchor === 'start' ? x + dx : x + dx - length
      return { left, right: left + length, top: y + dy - 7, bottom: y + dy + 7 }
    }
    const fits = (place: LabelPlace) => {
      const box = boxOf(place)
      const overlaps = taken.some(
        (other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top,
      )
      return box.left >= 0 && box.right <= width && !overlaps
    }
    const place = candidates.find(fits) ?? candidates[0]
    taken.push(boxOf(place))
    return place
  })
}
