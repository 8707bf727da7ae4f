import { JSDOM } from 'jsdom'
import { describe, expect, it } from 'vitest'
import { publishedHtml, publishedMarkdown, publishedText } from './published.ts'
import { madeUp } from './report.fixture.ts'

const { published } = madeUp.runs[0]

describe('numbers of others', () => {
  it('stand as their source gives them, a dash where it says nothing, under the labels of the leaderboard', () => {
    const lines = publishedText(published).split('\n')
    expect(lines.map((line) => line.split(/ {2,}/).filter(Boolean))).toEqual([
      ['history', 'R@50', 'N@10', 'source'],
      ['Others <1>', 'filtered', '.2100', '.1000', 'A paper, table 2'],
      ['More', 'not said', '.2000', '-', 'Software 1.0'],
    ])
    expect(publishedMarkdown(published).at(-1)).toBe('| More | not said | .2000 | - | Software 1.0 |')
  })

  it('are text in a page, whatever is in them', () => {
    const { document } = new JSDOM(publishedHtml(published)).window
    const rows = [...document.querySelectorAll('tbody tr')].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    )
    expect(rows[0]).toEqual(['Others <1>', 'filtered', '.2100', '.1000', 'A paper, table 2'])
  })

  it('are nothing where there are none', () => {
    expect([publishedText([]), publishedMarkdown([]), publishedHtml([])]).toEqual(['', [], ''])
  })
})
