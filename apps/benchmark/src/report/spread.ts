/**
 * Moves places on a line as little as needed for neighbours to lie at least `gap` apart: groups that are too close are
 * centred on their mean.
 *
 * @example spread([0, 1, 50], 10) // [-4.5, 5.5, 50]
 */
export function spread(places: readonly number[], gap: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b])
  const groups: { members: number[]; centre: number }[] = []
  const edge = (group: { members: number[]; centre: number }, side: 1 | -1) =>
    group.centre + (side * (group.members.length - 1) * gap) / 2
  for (const i of order) {
    let group = { members: [i], centre: places[i] }
    for (let last = groups.at(-1); last && edge(group, -1) - edge(last, 1) < gap; last = groups.at(-1)) {
      groups.pop()
      const members = [...last.members, ...group.members]
      group = { members, centre: members.reduce((sum, member) => sum + places[member], 0) / members.length }
    }
    groups.push(group)
  }
  const moved = [...places]
  for (const group of groups) {
    group.members.forEach((member, n) => {
      moved[member] = edge(group, -1) + n * gap
    })
  }
  return moved
}
