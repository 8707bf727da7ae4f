// Compiles rows.ts and products.ts to WebAssembly and writes the bytes beside the code that uses them. Run it after a change:
//   node --import tsx packages/model/kernel/build.ts
// The compiler is fetched on demand, so that nobody who only uses or tests the package needs it.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const kernels = { rows: '../src/kernel-bytes.ts', products: '../src/serving/kernel-bytes.ts' }

for (const [name, target] of Object.entries(kernels)) {
  const source = join(import.meta.dirname, `${name}.ts`)
  const folder = mkdtempSync(join(tmpdir(), 'kernel-'))
  const output = join(folder, `${name}.wasm`)
  const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--importMemory', '--enable', 'simd']
  execFileSync('npx', ['--yes', '-p', 'assemblyscript@0.28.20', 'asc', source, ...flags, '--outFile', output], {
    stdio: 'inherit',
  })
  const wasm = readFileSync(output)
  rmSync(folder, { recursive: true })
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex')
  const lines = wasm.toString('base64').match(/.{1,110}/g) ?? []
  writeFileSync(
    join(import.meta.dirname, target),
    `// Made from kernel/${name}.ts by kernel/build.ts; do not edit.

/** SHA-256 of the source that these bytes were compiled from. */
export const KERNEL_SOURCE = '${hash}'

/** The WebAssembly module, base64. */
export const KERNEL_BYTES = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join('')
`,
  )
}
