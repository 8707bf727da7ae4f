import { basename } from 'node:path'
import { InvalidInputError, suggest } from '@sparc/tables'
import {
  category,
  coldUsers,
  historyLength,
  itemColumn,
  longTail,
  newItems,
  popularityGroups,
  type Slice,
  shortHistory,
} from '../metrics/slices.ts'

const slices: Record<string, () => Slice> = {
  'long-tail': () => longTail(),
  'cold-users': () => coldUsers(),
  'short-history': () => shortHistory(),
  'new-items': () => newItems(),
  'history-length': () => historyLength(),
  popularity: () => popularityGroups(),
  category: () => category(),
}

export const sliceNames = Object.keys(slices)

/** `long-tail,category,brand`: the slices of the package by name, anything else a column of the items file. */
export function parseSlices(text: string): Slice[] {
  return list(text).map((name) => slices[name]?.() ?? itemColumn(name))
}

/** A system of the command line: a name and its files, one a seed. */
export interface SystemFiles {
  name: string
  files: string[]
}

/** `mine.csv` is a system called mine, `mine=a.csv,b.csv` one with two seeds. */
export function parseSystems(given: string[]): SystemFiles[] {
  const systems = given.map((text) => {
    const named = /^([^=/\\]+)=(.+)$/.exec(text)
    if (named) return { name: named[1], files: list(named[2]) }
    return {
      name: basename(text)
        .replace(/\.gz$/, '')
        .replace(/\.[^.]+$/, ''),
      files: [text],
    }
  })
  for (const [at, { name }] of systems.entries()) {
    if (systems.findIndex((other) => other.name === name) === at) continue
    throw new InvalidInputError('DUPLICATE_SYSTEM', {
      what: 'Two systems have the same name',
      given: name,
      next: 'Name one of them: NAME=FILE',
    })
  }
  return systems
}

const columnNames = ['user', 'item', 'items', 'score', 'scores', 'rank'] as const

/** `user=uid,item=sku` */
export function parseColumns(text: string): Partial<Record<(typeof columnNames)[number], string>> {
  const columns: Partial<Record<(typeof columnNames)[number], string>> = {}
  for (const pair of list(text)) {
    const [given, ...rest] = pair.split('=')
    const name = columnNames.find((other) => other === given)
    if (name === undefined || rest.length === 0) {
      const near = suggest(given, [...columnNames])
      throw new InvalidInputError('INVALID_OPTION', {
        what: '--columns says which column of the files is what',
        given: pair,
        allowed: columnNames.map((column) => `${column}=NAME`).join(', '),
        next: near ? `Did you mean ${near}=...?` : 'Write --columns user=uid,item=sku, for example',
      })
    }
    columns[name] = rest.join('=')
  }
  return columns
}

export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
