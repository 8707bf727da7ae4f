// Runs in the reader's browser: sorting, the two views, light and dark, and the interest explorer. No network.
const data = JSON.parse(document.getElementById('data').textContent)

function element(tag, properties = {}, children = []) {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

// Light and dark.
const theme = document.getElementById('theme')
theme.addEventListener('click', () => {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches
  const now = document.documentElement.dataset.theme ?? (dark ? 'dark' : 'light')
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark'
})

// History filtered or left in.
for (const group of document.querySelectorAll('[data-views]')) {
  const buttons = [...group.querySelectorAll('button')]
  for (const button of buttons) {
    button.addEventListener('click', () => {
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button))
      for (const panel of group.parentElement.querySelectorAll('[data-view]'))
        panel.hidden = panel.dataset.view !== button.value
    })
  }
}

// Sorting: numbers fall first, names rise first; rows without a value stay last.
for (const table of document.querySelectorAll('table[data-sortable]')) {
  const heads = [...table.tHead.rows[0].cells]
  heads.forEach((head, column) => {
    head.querySelector('button')?.addEventListener('click', () => {
      const first = head.dataset.first ?? 'descending'
      const other = first === 'descending' ? 'ascending' : 'descending'
      const order = head.getAttribute('aria-sort') === first ? other : first
      for (const each of heads) each.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', order)
      const sign = order === 'ascending' ? 1 : -1
      const value = (row) => row.cells[column].dataset.value ?? ''
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const [left, right] = [value(a), value(b)]
        if (left === '' || right === '') return (left === '') - (right === '')
        if (Number.isNaN(Number(left))) return sign * left.localeCompare(right)
        return sign * (Number(left) - Number(right))
      })
      table.tBodies[0].append(...rows)
    })
  })
}

function explore(root, explorer) {
  const title = (item) => explorer.items[item].title || explorer.items[item].id
  const nameOf = (item) => {
    const { category } = explorer.items[item]
    return element('span', {}, [
      title(item),
      category ? element('span', { className: 'tag', textContent: ` ${category}` }) : '',
    ])
  }
  /** Says what the colour of a hit shows. */
  const chosenNext = () => element('span', { className: 'tag', textContent: ' was chosen next' })
  const list = (tag, items, hits = []) =>
    element(
      tag,
      {},
      items.map((item) => {
        const hit = hits.includes(item)
        const entry = element('li', {}, [nameOf(item)])
        if (hit) {
          entry.firstChild.classList.add('hit')
          entry.append(chosenNext())
        }
        return entry
      }),
    )
  const general = 'the whole user'
  /** Where a code leads to; what stands for the whole user leads nowhere. */
  const codeButton = (code) => {
    if (code === null) return element('span', { className: 'tag', textContent: general })
    const button = element('button', { className: 'code', type: 'button', textContent: `interest ${code}` })
    button.addEventListener('click', () => showCode(code, true))
    return button
  }
  const [tabs, userPanel, codePanel] = ['tabs', 'user', 'code'].map((name) =>
    root.querySelector(`[data-part="${name}"]`),
  )
  const [userTab, codeTab] = tabs.querySelectorAll('button')
  const [userChoice, codeChoice] = [userPanel, codePanel].map((panel) => panel.querySelector('select'))
  const [userShown, codeShown] = [userPanel, codePanel].map((panel) => panel.querySelector('[data-part="shown"]'))

  function select(tab) {
    for (const each of [userTab, codeTab]) {
      each.setAttribute('aria-selected', String(each === tab))
      each.tabIndex = each === tab ? 0 : -1
    }
    userPanel.hidden = tab !== userTab
    codePanel.hidden = tab !== codeTab
  }
  for (const tab of [userTab, codeTab]) {
    tab.addEventListener('click', () => select(tab))
    tab.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
      const other = tab === userTab ? codeTab : userTab
      if (other.hidden) return
      select(other)
      other.focus()
    })
  }

  function showUser(row) {
    const user = explorer.users[row]
    const cards = user.interests.map((interest) => {
      const bar = element('div', { className: 'meter' }, [element('span')])
      bar.firstChild.style.width = `${Math.round(interest.probability * 100)}%`
      const share = element('span', { className: 'tag', textContent: `p = ${interest.probability.toFixed(2)}` })
      const seen = interest.inHistory ? 'in the history' : 'not in the history'
      const where = interest.code === null ? 'one vector for all of the history, searched in the whole catalogue' : seen
      return element('div', { className: 'card' }, [
        element('h4', {}, [codeButton(interest.code), share]),
        bar,
        element('p', { className: 'tag', textContent: where }),
        list('ol', interest.items, user.targets),
      ])
    })
    const final = element(
      'ol',
      {},
      user.list.map(({ item, code }) => {
        const name = nameOf(item)
        if (!user.targets.includes(item)) return element('li', {}, [name, ' ', codeButton(code)])
        name.classList.add('hit')
        return element('li', {}, [name, chosenNext(), ' ', codeButton(code)])
      }),
    )
    userShown.replaceChildren(
      element('div', { className: 'cards' }, [
        element('div', { className: 'card' }, [
          element('h4', { textContent: 'History, oldest first' }),
          list('ol', user.history),
        ]),
        element('div', { className: 'card' }, [
          element('h4', { textContent: 'What came next' }),
          list('ul', user.targets, user.targets),
        ]),
      ]),
      element('h3', { textContent: 'Interests, and what each retrieves from its shard' }),
      element('div', { className: 'cards' }, cards),
      element('h3', { textContent: 'The list, with the interest that found each item' }),
      final,
    )
  }

  function showCode(code, focus) {
    const row = explorer.codes.findIndex((each) => each.code === code)
    if (row < 0) return
    select(codeTab)
    codeChoice.value = String(row)
    const shown = explorer.codes[row]
    const categories = shown.categories.map(({ name, share, lift }) =>
      element('li', {
        textContent: `${name}: ${Math.round(share * 100)} %, ${lift.toFixed(1)} times the catalogue's share`,
      }),
    )
    const neighbours = shown.neighbours.map((each) =>
      element('li', {}, [
        codeButton(each.code),
        element('span', { className: 'tag', textContent: ` cosine ${each.cosine.toFixed(2)}` }),
      ]),
    )
    codeShown.replaceChildren(
      element('p', { textContent: `${shown.size} items have this level-1 code.` }),
      element('div', { className: 'cards' }, [
        element('div', { className: 'card' }, [
          element('h4', { textContent: 'Nearest items' }),
          list('ol', shown.items),
        ]),
        element('div', { className: 'card' }, [
          element('h4', { textContent: 'Categories' }),
          categories.length > 0
            ? element('ul', {}, categories)
            : element('p', { className: 'tag', textContent: 'none known' }),
        ]),
        element('div', { className: 'card' }, [
          element('h4', { textContent: 'Nearest interests' }),
          element('ul', {}, neighbours),
        ]),
      ]),
    )
    if (focus) codeChoice.focus()
  }

  explorer.users.forEach((user, row) => {
    userChoice.append(new Option(`${user.id} (${user.history.length} in the history)`, String(row)))
  })
  explorer.codes.forEach(({ code, size }, row) => {
    codeChoice.append(new Option(`interest ${code} (${size} items)`, String(row)))
  })
  userChoice.addEventListener('change', () => showUser(Number(userChoice.value)))
  codeChoice.addEventListener('change', () => showCode(explorer.codes[Number(codeChoice.value)].code, false))
  if (explorer.codes.length > 0) showCode(explorer.codes[0].code, false)
  if (explorer.users.length > 0) showUser(0)
  select(userTab.hidden ? codeTab : userTab)
}

data.explorers.forEach(({ run, explorer }) => {
  explore(document.getElementById(`explorer-${run}`), explorer)
})
