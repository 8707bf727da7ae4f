import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  csr,
  encodeSafetensors,
  f32,
  InvalidFileError,
  makeCases,
  makeEmbeddings,
  makeInterests,
  makeItems,
  readCases,
  readTable,
  writeTable,
} from './index.ts'

// The files are written by tools/peers/arrow_fixtures.py with pyarrow 25, DuckDB 1.5 and Polars 2.
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.arrow`, import.meta.url))

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sparc-interop-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

test.each([
  'pyarrow',
  'pyarrow-chunks',
  'pyarrow-slice',
  'pyarrow-stream',
  'pyarrow-large',
  'pyarrow-dictionary',
  'pyarrow-dictionary-view',
  'duckdb',
  'polars',
  'polars-compatible',
])('a cases table written by %s is read, whatever its types and chunks', async (name) => {
  const cases = readCases(await readTable(fixture(name)))
  expect(cases.users).toEqual(['ann', 'bob', 'cät', 'a name too long to be kept inline in a view'])
  expect(cases.history).toEqual(csr([[1, 2, 3], [], [4], [5, 6]]))
  expect(cases.targets).toEqual(csr([[7], [8, 9], [10], [11]]))
  expect(cases.timestamps).toEqual(Float64Array.of(1000, Number.NaN, 3000, 4000))
})

test('a compressed file is refused with what to do', async () => {
  await expect(readTable(fixture('polars-zstd'))).rejects.toThrow('uncompressed')
})

test('an empty file, another format, and a file cut anywhere are refused', async () => {
  const path = join(directory, 'cut.arrow')
  const whole = await readFile(fixture('pyarrow'))
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('user,item\n1,2\n'),
    ...[8, 300, whole.length - 1].map((n) => whole.subarray(0, n)),
  ]) {
    await writeFile(path, bytes)
    const error: unknown = await readTable(path).catch((thrown: unknown) => thrown)
    expect(InvalidFileError.isInstance(error) && error.code).toBe('NOT_ARROW')
  }
})

// A Python with pyarrow, polars-free: tools/test.mjs provides it and names it here.
const python = process.env.SPARC_PYTHON
describe.runIf(python)('read by Python', () => {
  const run = (code: string, ...args: string[]): unknown =>
    JSON.parse(execFileSync(python ?? '', ['-c', code, ...args], { encoding: 'utf8' }))

  test('our tables are read by pyarrow, values and metadata', async () => {
    const items = makeItems({
      ids: ['a', 'b'],
      strings: { title: ['Soap', null] },
      lists: { categories: [['x', 'y'], []] },
    })
    const cases = makeCases({
      users: ['ann'],
      history: csr([[1]]),
      targets: csr([[0, 1]]),
      timestamps: Float64Array.of(5),
    })
    const score = { metric: 'cosine' as const, scale: 7 }
    const vectors = { data: Float32Array.of(1, 2, 3, 4), rows: 2, dim: 2 }
    const codes = { levels: 2, data: Uint16Array.of(1, 2, 3, 4) }
    const embeddings = makeEmbeddings({ items: Int32Array.of(0, 1), ids: ['a', 'b'], vectors, codes, score })
    const interests = makeInterests({ users: ['ann'], offsets: Int32Array.of(0, 2), vectors, score })
    const paths: string[] = []
    for (const [name, table] of Object.entries({ items, cases, embeddings, interests })) {
      paths.push(join(directory, `${name}.arrow`))
      await writeTable(paths[paths.length - 1], table)
    }
    const code = `import sys, json, pyarrow.ipc as ipc
out = []
for path in sys.argv[1:]:
    table = ipc.open_file(path).read_all()
    meta = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items() if k != b'sparc.items'}
    table.validate(full=True)
    out.append([[{k: (v.timestamp() if hasattr(v, 'timestamp') else v) for k, v in row.items()} for row in table.to_pylist()], meta])
print(json.dumps(out))`
    const meta = { 'sparc.metric': 'cosine', 'sparc.scale': '7' }
    expect(run(code, ...paths)).toEqual([
      [
        [
          { id: 'a', title: 'Soap', categories: ['x', 'y'] },
          { id: 'b', title: null, categories: [] },
        ],
        {},
      ],
      [[{ user: 'ann', history: [1], targets: [0, 1], timestamp: 0.005 }], {}],
      [
        [
          { item: 0, id: 'a', vector: [1, 2], codes: [1, 2] },
          { item: 1, id: 'b', vector: [3, 4], codes: [3, 4] },
        ],
        meta,
      ],
      [
        [
          {
            user: 'ann',
            vector: [
              [1, 2],
              [3, 4],
            ],
          },
        ],
        meta,
      ],
    ])
  })

  test('our safetensors files are read by the safetensors package', async () => {
    const path = join(directory, 'x.safetensors')
    await writeFile(path, encodeSafetensors({ w: f32([1, 2], Float32Array.of(1, 2)) }, { system: 'sparc' }))
    const code = `import sys, json
from safetensors import safe_open
with safe_open(sys.argv[1], 'np') as f:
    print(json.dumps([f.metadata(), {k: f.get_tensor(k).tolist() for k in f.keys()}]))`
    expect(run(code, path)).toEqual([{ system: 'sparc' }, { w: [[1, 2]] }])
  })
})
