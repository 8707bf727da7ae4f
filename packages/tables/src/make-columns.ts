import {
  type Data,
  Dictionary,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Utf8,
  Vector,
} from 'apache-arrow'

/** A column ready to be put into a table. */
export interface MadeColumn {
  name: string
  data: Data
}

export function utf8Column(name: string, values: readonly (string | null)[]): MadeColumn {
  return { name, data: utf8Data(values) }
}

/** Text whose values are met again and again: each word once, and a number for each row. */
export function dictionaryColumn(name: string, words: readonly string[], rows: Int32Array): MadeColumn {
  const dictionary = new Vector([utf8Data(words)])
  // The number is fixed, so that equal tables are equal files.
  const type = new Dictionary(new Utf8(), new Int32(), 0)
  return { name, data: makeData({ type, length: rows.length, data: rows, dictionary }) }
}

function utf8Data(values: readonly (string | null)[]): Data<Utf8> {
  const offsets = new Int32Array(values.length + 1)
  let bytes = 0
  let nulls = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value === null) nulls++
    else bytes += Buffer.byteLength(value)
    offsets[i + 1] = bytes
  }
  const data = Buffer.alloc(bytes)
  for (let i = 0; i < values.length; i++) data.write(values[i] ?? '', offsets[i], 'utf8')
  let nullBitmap: Uint8Array | undefined
  if (nulls > 0) {
    nullBitmap = new Uint8Array((values.length + 7) >> 3)
    for (let i = 0; i < values.length; i++) if (values[i] !== null) nullBitmap[i >> 3] |= 1 << (i & 7)
  }
  return makeData({
    type: new Utf8(),
    length: values.length,
    nullCount: nulls,
    nullBitmap,
    valueOffsets: offsets,
    data,
  })
}

export function int32Column(name: string, data: Int32Array): MadeColumn {
  return { name, data: makeData({ type: new Int32(), length: data.length, data }) }
}

export function uint8Data(data: Uint8Array): Data {
  return makeData({ type: new Uint8(), length: data.length, data })
}

export function uint16Data(data: Uint16Array): Data {
  return makeData({ type: new Uint16(), length: data.length, data })
}

export function float32Data(data: Float32Array): Data {
  return makeData({ type: new Float32(), length: data.length, data })
}

/** Milliseconds, NaN as null. */
export function timestampData(milliseconds: Float64Array): Data {
  const data = new BigInt64Array(milliseconds.length)
  const nullBitmap = new Uint8Array((milliseconds.length + 7) >> 3)
  let nullCount = 0
  for (let i = 0; i < milliseconds.length; i++) {
    if (Number.isNaN(milliseconds[i])) nullCount++
    else {
      data[i] = BigInt(Math.round(milliseconds[i]))
      nullBitmap[i >> 3] |= 1 << (i & 7)
    }
  }
  const type = new TimestampMillisecond()
  return makeData({ type, length: data.length, nullCount, nullBitmap: nullCount > 0 ? nullBitmap : undefined, data })
}

export function int32Data(data: Int32Array): Data {
  return makeData({ type: new Int32(), length: data.length, data })
}

export function listColumn(name: string, offsets: Int32Array, child: Data): MadeColumn {
  const type = new List(new Field('item', child.type, child.nullCount > 0))
  return { name, data: makeData({ type, length: offsets.length - 1, valueOffsets: offsets, child }) }
}

export function fixedListData(width: number, child: Data): Data {
  const type = new FixedSizeList(width, new Field('item', child.type, false))
  return makeData({ type, length: width === 0 ? 0 : child.length / width, child })
}

export function stringListColumn(name: string, rows: readonly (readonly string[])[]): MadeColumn {
  const offsets = new Int32Array(rows.length + 1)
  for (let r = 0; r < rows.length; r++) offsets[r + 1] = offsets[r] + rows[r].length
  return listColumn(name, offsets, utf8Data(rows.flat()))
}

/** One record batch of columns, with metadata. */
export function tableOf(
  columns: readonly MadeColumn[],
  length: number,
  metadata: Record<string, string | undefined>,
): Table {
  const fields = columns.map(({ name, data }) => new Field(name, data.type, data.nullCount > 0))
  const entries = Object.entries(metadata).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const schema = new Schema(fields, new Map(entries))
  const children = columns.map(({ data }) => data)
  const batch = new RecordBatch(schema, makeData({ type: new Struct(fields), length, children }))
  return new Table(schema, batch)
}
