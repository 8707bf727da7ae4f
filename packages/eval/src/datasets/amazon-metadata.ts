import type { ItemFeatures } from './features.ts'
import { noBrokenLines, parsedLines } from './parsed-lines.ts'
import { parsePythonLiteral } from './python-literal.ts'

export type AmazonRelease = '2014' | '2018' | '2023'

/** What the importer keeps of an item. */
interface Described {
  id: string
  title: string | null
  brand: string | null
  categories: string[]
}

function field(record: object, name: string): unknown {
  return Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined
}

/** A text, without the white space around it; null where there is none. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((entry) => textOf(entry) ?? []) : []
}

/**
 * One line of a metadata file. 2014: Python literals, `asin`, `categories` a list of paths, of which the first is kept.
 * 2018: JSON, `asin`, `category` one path, in which pieces of HTML may have got lost. 2023: JSON, `parent_asin`,
 * `categories` one path (else `main_category`), `store` for the brand.
 */
function describe(line: string, release: AmazonRelease): Described | undefined {
  const record: unknown = release === '2014' && !line.startsWith('{"') ? parsePythonLiteral(line) : JSON.parse(line)
  if (typeof record !== 'object' || record === null) return undefined
  const id = textOf(field(record, release === '2023' ? 'parent_asin' : 'asin'))
  if (id === null) return undefined
  const title = textOf(field(record, 'title'))
  switch (release) {
    case '2014': {
      const paths = field(record, 'categories')
      return {
        id,
        title,
        brand: textOf(field(record, 'brand')),
        categories: textsOf(Array.isArray(paths) ? paths[0] : []),
      }
    }
    case '2018': {
      const path = textsOf(field(record, 'category')).filter((word) => !/[<>{}]/.test(word))
      // Some titles of this release are scraps of the page's script.
      const clean = title !== null && !title.includes('getTime()') ? title : null
      return { id, title: clean, brand: textOf(field(record, 'brand')), categories: path }
    }
    case '2023': {
      const path = textsOf(field(record, 'categories'))
      const main = textOf(field(record, 'main_category'))
      return {
        id,
        title,
        brand: textOf(field(record, 'store')),
        categories: path.length > 0 ? path : main ? [main] : [],
      }
    }
  }
}

/**
 * Reads titles, brands and category paths of the given items from an owner's metadata file (plain or `.gz`).
 *
 * @throws InvalidFileError `NO_SUCH_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE`, `BROKEN_LINES`
 */
export async function readAmazonMetadata(
  path: string,
  release: AmazonRelease,
  ids: string[],
  maxBroken: number,
): Promise<ItemFeatures> {
  const rows = new Map(ids.map((id, row) => [id, row]))
  const title = new Array<string | null>(ids.length).fill(null)
  const brand = new Array<string | null>(ids.length).fill(null)
  const categories = ids.map((): string[] => [])
  const broken = noBrokenLines(path)
  for await (const item of parsedLines(path, (line) => describe(line, release), 'no item id', maxBroken, broken)) {
    const row = rows.get(item.id)
    if (row === undefined) continue
    title[row] = item.title
    brand[row] = item.brand
    categories[row] = item.categories
  }
  return { strings: { title, brand }, lists: { categories }, broken }
}
