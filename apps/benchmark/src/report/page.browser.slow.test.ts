import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTiny } from '../pipeline/tiny.fixture.ts'
import { openRun } from '../run-folder/saved-runs.ts'
import { temporary } from '../temporary.fixture.ts'
import { reportData } from './build.ts'
import { reportPage } from './page.ts'
import { madeUp } from './report.fixture.ts'

const places = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = places.find((path) => path !== undefined && path !== '' && existsSync(path))

/** Opens the page and keeps everything that the browser complains about, or asks the network for. */
async function open(
  browser: Browser,
  viewport: { width: number; height: number },
  colorScheme: 'light' | 'dark',
  report = madeUp,
) {
  const path = join(temporary(), 'report.html')
  writeFileSync(path, reportPage(report))
  const page = await browser.newPage({ viewport, colorScheme })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) complaints.push(request.url())
  })
  await page.goto(pathToFileURL(path).href)
  return { page, complaints }
}

const names = (page: Page) =>
  page
    .locator('[data-view="filtered"] tbody th')
    .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-value')))

/** The colour behind the page, and the colour of its text. */
const colours = (page: Page) =>
  page.locator('body').evaluate((body) => {
    const style = body.ownerDocument.defaultView?.getComputedStyle(body)
    return [style?.backgroundColor, style?.color]
  })

if (executablePath === undefined) {
  // The behaviour of the page is tested in jsdom everywhere; only where a browser is promised must there be one.
  it('has no Chromium to be tested in', () => {
    expect(process.env.CI, 'install it (apt-get install chromium) or point CHROMIUM_PATH at one').toBeUndefined()
  })
} else {
  describe('in a real browser', () => {
    let browser: Browser

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    })
    afterAll(() => browser?.close())

    it('opens without a complaint and without a network, wide and on a phone, light and dark', async () => {
      const shown: unknown[] = []
      for (const scheme of ['light', 'dark'] as const) {
        for (const viewport of [
          { width: 1280, height: 900 },
          { width: 390, height: 844 },
        ]) {
          const { page, complaints } = await open(browser, viewport, scheme)
          expect(complaints).toEqual([])
          const width = await page.locator('html').evaluate((root) => root.scrollWidth)
          expect(width).toBeLessThanOrEqual(viewport.width)
          shown.push(await colours(page))
          await page.close()
        }
      }
      expect(shown[0]).toEqual(shown[1])
      expect(shown[0]).not.toEqual(shown[2])
    })

    it('is sorted, explored and switched by keyboard alone', async () => {
      const { page, complaints } = await open(browser, { width: 1280, height: 900 }, 'light')
      await page.getByRole('button', { name: 'R@50' }).first().focus()
      await page.keyboard.press('Enter')
      expect(await names(page)).toEqual(['sparc', 'item-knn', 'popularity'])
      await page.keyboard.press('Space')
      expect(await names(page)).toEqual(['popularity', 'item-knn', 'sparc'])

      await page.getByRole('button', { name: 'history left in' }).focus()
      await page.keyboard.press('Enter')
      expect(await page.locator('[data-view="unfiltered"]').isVisible()).toBe(true)

      await page.getByRole('tab', { name: 'by user' }).focus()
      await page.keyboard.press('ArrowRight')
      expect(await page.locator('[data-part="code"]').isVisible()).toBe(true)
      await page.keyboard.press('ArrowLeft')
      await page.locator('[data-part="user"] select').focus()
      await page.keyboard.press('ArrowDown')
      expect(await page.locator('[data-part="user"] select').inputValue()).toBe('1')
      expect(await page.locator('[data-part="user"]').textContent()).toMatch(/interest 3p = 1.00/)
      expect(complaints).toEqual([])
    })

    it('shows where the focus is', async () => {
      const { page } = await open(browser, { width: 1280, height: 900 }, 'light')
      await page.keyboard.press('Tab')
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
      expect(outline).toBe('solid')
    })

    it('opens what a run has made: figures with marks, no label cut, a user and a code to explore', async () => {
      const path = join(temporary(), 'run')
      await runTiny(path)
      const report = await reportData([await openRun(path, '')])
      const { page, complaints } = await open(browser, { width: 1280, height: 900 }, 'light', report)
      expect(complaints).toEqual([])
      const figures = await page.locator('figure svg').evaluateAll((svgs) =>
        svgs.map((svg) => {
          const marks = svg.querySelectorAll('path, circle, rect, line').length
          const box = svg.getBoundingClientRect()
          const cut = [...svg.querySelectorAll('text')].filter((text) => {
            const { left, right } = text.getBoundingClientRect()
            return left < box.left - 1 || right > box.right + 1
          })
          return { marks, cut: cut.map((text) => text.textContent) }
        }),
      )
      expect(figures.length).toBeGreaterThan(5)
      for (const { marks, cut } of figures) {
        expect(marks).toBeGreaterThan(2)
        expect(cut).toEqual([])
      }
      expect((await names(page)).toSorted()).toEqual(['item-knn', 'popularity', 'sparc', 'sparc-shards', 'two-tower'])
      const explorer = page.locator('[data-part="user"]')
      const before = await explorer.textContent()
      await explorer.locator('select').first().selectOption({ index: 1 })
      expect(await explorer.textContent()).not.toBe(before)
      expect(complaints).toEqual([])
      await page.close()
    })
  })
}
