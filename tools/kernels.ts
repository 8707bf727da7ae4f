// Compiles the kernels, AssemblyScript in `packages/*/kernel`, to WebAssembly and writes the bytes beside the code that uses
// them. Run it after a change:
//   node --import tsx tools/kernels.ts
// The compiler is fetched on demand, so that nobody who only uses or tests a package needs it.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const kernels = {
  'packages/index/kernel/scan.ts': 'packages/index/src/exact/kernel-bytes.ts',
  'packages/model/kernel/pick.ts': 'packages/model/src/pick-kernel-bytes.ts',
  'packages/model/kernel/rows.ts': 'packages/model/src/kernel-bytes.ts',
  'packages/model/kernel/products.ts': 'packages/model/src/serving/kernel-bytes.ts',
}
const root = join(import.meta.dirname, '..')

for (const [from, to] of Object.entries(kernels)) {
  const source = join(root, from)
  const folder = mkdtempSync(join(tmpdir(), 'kernel-'))
  const output = join(folder, 'kernel.wasm')
  const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--importMemory', '--enable', 'simd']
  execFileSync('npx', ['--yes', '-p', 'assemblyscript@0.28.20', 'asc', source, ...flags, '--outFile', output], {
    stdio: 'inherit',
  })
  const wasm = readFileSync(output)
  rmSync(folder, { recursive: true })
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex')
  const lines = wasm.toString('base64').match(/.{1,110}/g) ?? []
  writeFileSync(
    join(root, to),
    `// Made from kernel/${basename(from)} by tools/kernels.ts; do not edit.

/** SHA-256 of the source that these bytes were compiled from. */
export const KERNEL_SOURCE = '${hash}'

/** The WebAssembly module, base64. */
export const KERNEL_BYTES = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('')
`,
  )
}
