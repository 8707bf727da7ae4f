import type { Table } from 'apache-arrow'
import { InvalidInputError } from './errors.ts'

/** A table of any copy of Arrow, known by what is used of it. */
function isTable(value: unknown): value is Table {
  if (typeof value !== 'object' || value === null || !('getChild' in value) || !('schema' in value)) return false
  const { getChild, schema } = value
  if (typeof getChild !== 'function' || typeof schema !== 'object' || schema === null) return false
  return 'fields' in schema && Array.isArray(schema.fields) && 'metadata' in schema
}

/** "an array of 3", "an object with the keys a, b" */
function described(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} of ${value.byteLength} bytes`
  if (value instanceof Promise) return 'a promise'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 97)}...` : value)
  if (typeof value !== 'object' || value === null) return String(value)
  const keys = Object.keys(value)
  if (keys.length === 0) return 'an object without keys'
  return `an object with the keys ${keys.slice(0, 10).join(', ')}${keys.length > 10 ? ', ...' : ''}`
}

function next(value: unknown, make: string): string {
  if (value instanceof Promise) return 'Await it, and pass what comes of it.'
  if (typeof value === 'string') return 'A path is to be read with readTable first.'
  if (typeof value === 'object' && value !== null) return `Build the table with ${make}, or read it with readTable.`
  return 'Pass the table.'
}

/** @throws InvalidInputError `NOT_A_TABLE` */
export function checkTable(table: unknown, kind: string): asserts table is Table {
  if (isTable(table)) return
  const make = `make${kind[0].toUpperCase()}${kind.slice(1)}`
  throw new InvalidInputError('NOT_A_TABLE', {
    what: `The ${kind} table is not an Arrow table`,
    given: described(table),
    allowed: `an Arrow table, such as ${make} of @sparc/tables builds`,
    next: next(table, make),
  })
}
