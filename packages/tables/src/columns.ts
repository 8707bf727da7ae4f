import { type Data, DataType, Int32, makeData, type Table, TimeUnit, Vector } from 'apache-arrow'
import { checkTable } from './check-table.ts'
import { InvalidInputError } from './errors.ts'

/**
 * The one place that touches Arrow's buffers. Reading turns a column, whatever its chunks, slices and widths, into
 * plain typed arrays (views of the column's own memory where it is one chunk of the right type: do not write to them).
 * Making wraps typed arrays as Arrow data without copying them.
 */

/** A column of a table, named for error messages. */
export interface Column {
  /** "column "history" of a queries table" */
  where: string
  vector: Vector
}

/** @throws InvalidInputError `NOT_A_TABLE`, `MISSING_COLUMN` */
export function column(table: Table, name: string, kind: string): Column {
  const found = optionalColumn(table, name, kind)
  if (found) return found
  throw new InvalidInputError('MISSING_COLUMN', {
    what: `The ${kind} table has no column "${name}"`,
    given: table.schema.fields.map((field) => `${field.name}: ${field.type}`).join(', ') || 'no columns',
    allowed: `a column "${name}"`,
    next: `Add or rename the column; see the schema of ${kind} in the README of @sparc/tables.`,
  })
}

/** @throws InvalidInputError `NOT_A_TABLE` */
export function optionalColumn(table: Table, name: string, kind: string): Column | undefined {
  checkTable(table, kind)
  const vector = table.getChild(name)
  return vector ? { where: `column "${name}" of the ${kind} table`, vector } : undefined
}

function wrongType({ where, vector }: Column, allowed: string): InvalidInputError {
  return new InvalidInputError('COLUMN_TYPE', {
    what: `Wrong type in ${where}`,
    given: String(vector.type),
    allowed,
    next: 'Cast the column where the table is made.',
  })
}

function refuseNulls({ where, vector }: Column): void {
  if (vector.nullCount === 0) return
  throw new InvalidInputError('NULL_VALUE', {
    what: `Null values in ${where}`,
    given: `${vector.nullCount} of ${vector.length}`,
    allowed: 'none',
    next: 'Drop or fill those rows where the table is made.',
  })
}

type Numbers =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array
type Wide = BigInt64Array | BigUint64Array

interface TypedArrayOf<T> {
  new (length: number): T
}

/** Copies all chunks of a primitive column into one array of type `T`, or returns the one chunk as it is. */
function joined<T extends Numbers>(vector: Vector, to: TypedArrayOf<T>): T {
  const part = (data: Data): Numbers | Wide => data.values.subarray(0, data.length)
  if (vector.data.length === 1) {
    const values = part(vector.data[0])
    if (values instanceof to) return values
  }
  const all = new to(vector.length)
  let at = 0
  for (const data of vector.data) {
    const values = part(data)
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      for (let i = 0; i < values.length; i++) all[at + i] = Number(values[i])
    } else all.set(values, at)
    at += values.length
  }
  return all
}

/** Integers as Int32. Any integer width is read; values outside of Int32 are an error. */
export function int32s(column: Column): Int32Array {
  const { vector, where } = column
  if (!DataType.isInt(vector.type)) throw wrongType(column, 'Int32 (any integer type is read)')
  refuseNulls(column)
  const { bitWidth, isSigned } = vector.type
  if (bitWidth < 32 || (bitWidth === 32 && isSigned)) return joined(vector, Int32Array)
  const wide = joined(vector, Float64Array)
  const narrow = new Int32Array(wide.length)
  for (let i = 0; i < wide.length; i++) {
    narrow[i] = wide[i]
    if (narrow[i] !== wide[i]) {
      throw new InvalidInputError('INTEGER_RANGE', {
        what: `A value in ${where} does not fit Int32`,
        given: wide[i],
        allowed: '-2147483648 to 2147483647',
        next: 'Use row numbers of the items table, not raw ids.',
      })
    }
  }
  return narrow
}

/** Integers as Uint16. */
export function uint16s(column: Column): Uint16Array {
  const { vector, where } = column
  if (DataType.isInt(vector.type) && vector.type.bitWidth === 16 && !vector.type.isSigned) {
    refuseNulls(column)
    return joined(vector, Uint16Array)
  }
  const values = int32s(column)
  for (const value of values) {
    if (value < 0 || value > 65535) {
      throw new InvalidInputError('INTEGER_RANGE', {
        what: `A value in ${where} does not fit Uint16`,
        given: value,
        allowed: '0 to 65535',
        next: 'Codes are numbered from 0 inside of their level.',
      })
    }
  }
  return Uint16Array.from(values)
}

/** Floating point numbers as Float32; Float64 and integers are narrowed. NaN and infinities are kept. */
export function float32s(column: Column): Float32Array {
  const { vector } = column
  const isWide = DataType.isFloat(vector.type) && vector.type.precision > 0
  if (!isWide && !DataType.isInt(vector.type)) throw wrongType(column, 'Float32 (or Float64, or integers)')
  refuseNulls(column)
  return joined(vector, Float32Array)
}

/** Times as Float64 milliseconds since 1970; null becomes NaN. Any time unit is read. */
export function milliseconds(column: Column): Float64Array {
  const { vector } = column
  if (!DataType.isTimestamp(vector.type) && !DataType.isDate(vector.type)) {
    throw wrongType(column, 'Timestamp (any unit) or Date')
  }
  const all = new Float64Array(vector.length)
  let at = 0
  for (const data of vector.data) {
    const divisor = perMillisecond(data.type)
    const values: Wide | Numbers = data.values
    for (let i = 0; i < data.length; i++, at++) {
      all[at] = data.nullCount > 0 && !data.getValid(i) ? Number.NaN : Number(values[i]) / divisor
    }
  }
  return all
}

/** How many units of a time type make a millisecond. */
function perMillisecond(type: DataType): number {
  if (DataType.isTimestamp(type)) {
    if (type.unit === TimeUnit.SECOND) return 0.001
    if (type.unit === TimeUnit.MILLISECOND) return 1
    return type.unit === TimeUnit.MICROSECOND ? 1e3 : 1e6
  }
  return DataType.isDate(type) && type.unit === 0 ? 1 / 86_400_000 : 1
}

/** Text as strings; null becomes null. Utf8, LargeUtf8, Utf8View and dictionaries of them are read. */
export function strings(column: Column): (string | null)[] {
  const { vector } = column
  const type = DataType.isDictionary(vector.type) ? vector.type.dictionary : vector.type
  if (!DataType.isUtf8(type) && !DataType.isLargeUtf8(type) && !DataType.isUtf8View(type)) {
    throw wrongType(column, 'Utf8 (LargeUtf8, Utf8View and dictionaries of them are read)')
  }
  const all: (string | null)[] = new Array(vector.length)
  let at = 0
  for (const data of vector.data) at = pushStrings(data, all, at)
  return all
}

function pushStrings(data: Data, all: (string | null)[], start: number): number {
  let at = start
  const valid = (i: number) => data.nullCount === 0 || data.getValid(i)
  if (DataType.isDictionary(data.type)) {
    const words = data.dictionary ? strings({ where: 'dictionary', vector: data.dictionary }) : []
    for (let i = 0; i < data.length; i++) all[at++] = valid(i) ? words[Number(data.values[i])] : null
  } else if (DataType.isUtf8(data.type)) {
    const bytes: Uint8Array = data.values
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const offsets = data.valueOffsets
    for (let i = 0; i < data.length; i++)
      all[at++] = valid(i) ? text.toString('utf8', offsets[i], offsets[i + 1]) : null
  } else {
    const vector = new Vector([data])
    for (let i = 0; i < data.length; i++) all[at++] = vector.get(i)
  }
  return at
}

/** Text without nulls. */
export function ids(column: Column): string[] {
  refuseNulls(column)
  const all = strings(column)
  return all.map(String)
}

/** Text without nulls as distinct values, numbered by first appearance. A dictionary's words are read once, not row by row. */
export function numberedIds(column: Column): { ids: string[]; rows: Int32Array } {
  refuseNulls(column)
  const { vector, where } = column
  const numbers = new Map<string, number>()
  const numberOf = (id: string): number => {
    const known = numbers.get(id)
    if (known !== undefined) return known
    numbers.set(id, numbers.size)
    return numbers.size - 1
  }
  const rows = new Int32Array(vector.length)
  let at = 0
  for (const data of vector.data) {
    const part = { where, vector: new Vector([data]) }
    if (!DataType.isDictionary(data.type)) {
      for (const id of ids(part)) rows[at++] = numberOf(id)
      continue
    }
    const words = data.dictionary ? ids({ where: `the dictionary of ${where}`, vector: data.dictionary }) : []
    const known = new Int32Array(words.length).fill(-1)
    for (let i = 0; i < data.length; i++) {
      const word = Number(data.values[i])
      if (known[word] < 0) known[word] = numberOf(words[word])
      rows[at++] = known[word]
    }
  }
  return { ids: [...numbers.keys()], rows }
}

/** A list column: where each row's values begin, and the values of all rows as one column. */
export interface Lists {
  /** `[rows + 1]` */
  offsets: Int32Array
  values: Column
}

/** List, LargeList or FixedSizeList, flattened by one level. */
export function lists(column: Column): Lists {
  const { vector, where } = column
  const { type } = vector
  const values = { where: `the values of ${where}` }
  refuseNulls(column)
  if (DataType.isFixedSizeList(type)) {
    const offsets = Int32Array.from({ length: vector.length + 1 }, (_, r) => r * type.listSize)
    const children = vector.data.map((data) => data.children[0].slice(0, data.length * type.listSize))
    return { offsets, values: { ...values, vector: vectorOf(children, type.children[0].type) } }
  }
  if (!DataType.isList(type) && !DataType.isLargeList(type)) throw wrongType(column, 'List (LargeList is read)')
  const offsets = new Int32Array(vector.length + 1)
  const children: Data[] = []
  let at = 0
  for (const data of vector.data) {
    const own: ArrayLike<number | bigint> = data.valueOffsets
    const first = Number(own[0] ?? 0)
    const base = offsets[at] - first
    for (let r = 1; r <= data.length; r++) offsets[at + r] = base + Number(own[r])
    at += data.length
    if (data.length > 0) children.push(data.children[0].slice(first, offsets[at] - base - first))
  }
  return { offsets, values: { ...values, vector: vectorOf(children, type.children[0].type) } }
}

function vectorOf(chunks: Data[], type: DataType): Vector {
  return new Vector(chunks.length > 0 ? chunks : [makeData({ type: new Int32(), length: 0 }).clone(type, 0, 0)])
}

/** A fixed-size list of numbers: its width and its values, row major. */
export function fixedLists(column: Column): { width: number; values: Column } {
  const { vector } = column
  if (!DataType.isFixedSizeList(vector.type)) throw wrongType(column, 'FixedSizeList')
  return { width: vector.type.listSize, values: lists(column).values }
}
