import { JSDOM } from 'jsdom'
import { describe, expect, it } from 'vitest'
import { reportPage } from './page.ts'
import { madeUp } from './report.fixture.ts'

const page = reportPage(madeUp)

const { explorer } = madeUp.runs[0]
const published = reportPage({ ...madeUp, runs: [{ ...madeUp.runs[0], explorer: { ...explorer!, users: [] } }] })

/** The page as a reader without a mouse meets it: scripts run, keys and clicks are events. */
function open(shown = page) {
  const { window } = new JSDOM(shown, {
    runScripts: 'dangerously',
    beforeParse(view) {
      view.matchMedia = () => ({ matches: false })
    },
  })
  const { document } = window
  const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)]
  const button = (text: string) => all('button').find((each) => each.textContent === text && !each.closest('[hidden]'))!
  const visible = () => all('[data-view]').find((panel) => !panel.hidden)!
  const names = () => [...visible().querySelectorAll('tbody th')].map((cell) => cell.getAttribute('data-value'))
  return { window, document, all, button, visible, names }
}

describe('the page', () => {
  it('is one file that loads nothing', () => {
    expect(page).not.toMatch(/(src|href)="(?!#|data:)/)
    expect(page).not.toMatch(/@import|url\(/)
    expect(page).toContain("default-src 'none'")
  })

  it('shows names and titles as text, whatever is in them', () => {
    const { document } = open()
    expect(document.querySelector('h1')?.textContent).toBe(madeUp.title)
    expect(document.querySelectorAll('h1 b').length).toBe(0)
    expect(document.body.textContent).toContain('Nail <polish>')
  })

  it('marks the best and second best of each column', () => {
    const { visible } = open()
    const marked = (name: string) => [...visible().querySelectorAll(`td.${name}`)].map((cell) => cell.textContent)
    expect(marked('best')).toEqual(['.1600 ± .0010', '.9800'])
    expect(marked('second')).toEqual(['.9000', '.1300 ± .0010'])
  })

  it('sorts by a column, and the other way at the second press', () => {
    const { button, names, visible } = open()
    button('R@50').click()
    expect(names()).toEqual(['sparc', 'item-knn', 'popularity'])
    expect(visible().querySelector('th[aria-sort]')?.getAttribute('aria-sort')).toBe('descending')
    button('R@50').click()
    expect(names()).toEqual(['popularity', 'item-knn', 'sparc'])
    button('System').click()
    expect(names()).toEqual(['item-knn', 'popularity', 'sparc'])
    button('scanned').click()
    expect(names()[0]).toBe('sparc')
  })

  it('shows the other view at a press', () => {
    const { button, visible } = open()
    expect(visible().dataset.view).toBe('filtered')
    button('history left in').click()
    expect(visible().dataset.view).toBe('unfiltered')
    expect(button('history left in').getAttribute('aria-pressed')).toBe('true')
  })

  it('explores a user: history, interests with probabilities, what each retrieves and the item it was right about', () => {
    const { document, window } = open()
    const panel = document.querySelector('[data-part="user"]')!
    expect(panel.textContent).toMatch(/History.*Nail <polish>/s)
    expect(panel.textContent).toMatch(/interest 7p = 0.75.*not in the history.*Shampoo.*was chosen next/s)
    expect(panel.textContent).toMatch(/The list, with.*Shampoo <\/script> Hair was chosen next interest 7/s)
    const choice = panel.querySelector('select')!
    choice.value = '1'
    choice.dispatchEvent(new window.Event('change'))
    expect(panel.textContent).toMatch(/interest 3p = 1.00/)
    expect(panel.textContent).not.toMatch(/interest 7/)
  })

  it('explores a code: its items, categories and neighbours, and goes from one to the next', () => {
    const { button, document } = open()
    button('interest 7').click()
    const panel = document.querySelector<HTMLElement>('[data-part="code"]')!
    expect(panel.hidden).toBe(false)
    expect(panel.textContent).toMatch(/1 items have.*Shampoo.*none known.*interest 3 cosine 0.40/s)
    button('interest 3').click()
    expect(panel.textContent).toMatch(/2 items have.*Nails: 100 %, 2.0 times/s)
  })

  it('changes between its tabs by arrow keys', () => {
    const { all, document, window } = open()
    const [byUser, byCode] = all('[role="tab"]')
    byUser.dispatchEvent(new window.KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))
    expect(byCode.getAttribute('aria-selected')).toBe('true')
    expect(document.activeElement).toBe(byCode)
    expect(document.querySelector<HTMLElement>('[data-part="user"]')?.hidden).toBe(true)
  })

  it('explores codes alone where users are left out', () => {
    const { all, document, window } = open(published)
    const [byUser, byCode] = all('[role="tab"]')
    expect(byUser.hidden).toBe(true)
    expect(document.querySelector('[data-part="code"]')?.textContent).toMatch(/2 items have/)
    byCode.dispatchEvent(new window.KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))
    expect(document.querySelector<HTMLElement>('[data-part="user"]')?.hidden).toBe(true)
  })

  it('shows ablations, sortable by what the change does', () => {
    const [, test] = madeUp.runs[0].significance
    const row = {
      name: 'one-level',
      change: 'one level <of three>',
      cells: { 'recall@50': { mean: 0.1, sd: null } },
      test,
    }
    const { document } = open(reportPage({ ...madeUp, runs: [{ ...madeUp.runs[0], ablations: [row] }] }))
    const table = document.querySelector('[aria-label="Ablations"]')
    expect(table?.textContent).toMatch(/one-level\s*one level <of three>\.1000.*-\.1100/s)
    expect(document.querySelector('[aria-label="Significance"]')).toBeNull()
  })

  it('sorts ablations by every column, those without a value last', () => {
    const [worse, worst] = madeUp.runs[0].significance
    const row = { change: 'something', cells: { 'recall@50': { mean: 0.1, sd: null } } }
    const ablations = [
      { ...row, name: 'worst', test: worst },
      { ...row, name: 'reference' },
      { ...row, name: 'worse', test: worse },
    ]
    const { all } = open(reportPage({ ...madeUp, runs: [{ ...madeUp.runs[0], ablations }] }))
    const sorted = () => all('[aria-label="Ablations"] tbody th').map((cell) => cell.textContent)
    for (const head of all('[aria-label="Ablations"] thead button')) {
      head.click()
      expect(head.closest('th')?.getAttribute('aria-sort')).toBeTruthy()
    }
    const interval = all('[aria-label="Ablations"] thead button').find((each) => each.textContent === '95 % interval')
    interval?.click()
    expect(sorted()).toEqual(['worse', 'worst', 'reference'])
    interval?.click()
    expect(sorted()).toEqual(['worst', 'worse', 'reference'])
  })

  it('changes between light and dark', () => {
    const { button, document } = open()
    button('light / dark').click()
    expect(document.documentElement.dataset.theme).toBe('dark')
    button('light / dark').click()
    expect(document.documentElement.dataset.theme).toBe('light')
  })
})
