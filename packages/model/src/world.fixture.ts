import { csr, makeCases, makeItems, makeSequences, queriesOf, random, readItems } from '@sparc/tables'

/** A small seeded world: items in groups, users who stay in one or two of them. Learnable in a few dozen steps. */
export function smallWorld({ seed = 7, users = 300, items = 120, groups = 6 } = {}) {
  const draw = random(seed)
  const perGroup = items / groups
  const rows = Array.from({ length: users }, () => {
    const own = [draw.int(groups), draw.int(groups)]
    return Array.from({ length: 5 + draw.int(8) }, () => own[draw.int(2)] * perGroup + draw.int(perGroup))
  })
  const names = rows.map((_, u) => `user-${u}`)
  const ids = Array.from({ length: items }, (_, i) => `item-${i}`)
  const categories = ids.map((_, i) => ['All', `Group ${Math.floor(i / perGroup)}`])
  const itemTable = makeItems({ ids, lists: { categories } })
  const itemsKey = readItems(itemTable).key
  const held = Math.floor(users / 5)
  const cut = rows.map((row) => Math.floor(0.8 * row.length))
  const validation = makeCases({
    users: names.slice(0, held),
    history: csr(rows.slice(0, held).map((row, u) => row.slice(0, cut[u]))),
    targets: csr(rows.slice(0, held).map((row, u) => row.slice(cut[u]))),
    itemsKey,
  })
  const sequences = makeSequences({ users: names.slice(held), items: csr(rows.slice(held)), itemsKey })
  return {
    ids,
    itemsKey,
    data: { items: itemTable, sequences, validation },
    queries: queriesOf(validation),
  }
}

/** Options under which every learned system trains in a blink. */
export const tiny = {
  dim: 8,
  history: 6,
  batch: 32,
  steps: 30,
  negatives: { count: 40 },
}
