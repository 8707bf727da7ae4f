import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { doctor } from './doctor.ts'
import { NativeError } from './errors.ts'
import { ensureFaiss } from './faiss.ts'
import { exists } from './files.ts'
import { ensurePython } from './python.ts'
import { describeFindings } from './report.ts'
import { onlyCommands, temporaryFolder, writeFiles } from './temporary.fixture.ts'
import { ensureTensorflow } from './tensorflow.ts'

// Packages as npm lays them out, without native halves, in a folder of a nasty name.
async function project() {
  const root = join(await temporaryFolder(), `my "project" $(x); it's`)
  const tfjs = { version: '4.22.0', binary: { napi_versions: [3, 8] } }
  await writeFiles(root, {
    'node_modules/@tensorflow/tfjs-node/package.json': JSON.stringify(tfjs),
    'node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc': 'int a;',
    'node_modules/@tensorflow/tfjs-node/binding/tfjs_binding.cc': 'int b;',
    'node_modules/faiss-node/package.json': '{ "version": "0.5.1" }',
    'node_modules/faiss-node/src/faiss.cc': 'int c;',
  })
  return { root, options: { from: root, cache: join(root, 'cache'), upstream: false } }
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: unknown) => (NativeError.isInstance(error) ? error.code : error),
  )

// Debian's tools as far as the recipe calls them.
const apt = {
  'apt-cache': `console.log('libfaiss-dev:\\n  Candidate: 1.7.3-2+b1')`,
  'apt-get': `for (const name of args.slice(1)) fs.writeFileSync(name + '_1_amd64.deb', '')`,
  dpkg: `const system = args[2] + '/usr/lib/x86_64-linux-gnu'
    fs.mkdirSync(system + '/openblas-pthread', { recursive: true })
    fs.mkdirSync(args[2] + '/usr/include/faiss', { recursive: true })
    for (const name of ['libfaiss.a', 'openblas-pthread/libopenblasp-r0.3.21.so', 'libgfortran.so.5.0.0', 'libquadmath.so.0.0.0'])
      fs.writeFileSync(system + '/' + name, name)`,
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('what is missing is said', () => {
  test('no pip', async () => {
    const { options } = await project()
    await onlyCommands({})
    expect(await codeOf(ensureTensorflow(options))).toBe('NO_PIP')
    expect(await readdir(join(options.cache, 'tmp'))).toEqual([])
  })

  test('no apt-get', async () => {
    const { options } = await project()
    await onlyCommands({})
    const work = ensureFaiss(options)
    await expect(work).rejects.toThrow('exact engine')
    expect(await codeOf(work)).toBe('NO_APT')
  })

  test('no compiler; what was downloaded is kept for the next try', async () => {
    const { options, root } = await project()
    await onlyCommands(apt)
    const work = ensureFaiss(options)
    await expect(work).rejects.toThrow('apt-get install g++')
    expect(await codeOf(work)).toBe('NO_COMPILER')
    expect(await readdir(options.cache)).toContain('faiss-1.7.3-2-b1-linux-x64')
    expect(await exists(join(root, 'node_modules/faiss-node/build'))).toBe(false)
  })

  test('a compiler that fails leaves no addon', async () => {
    const { options } = await project()
    const compiler = `if (args[0] === '--version') process.exit(0)
      fs.writeFileSync(args[args.indexOf('-o') + 1], 'half an addon')
      console.error('faiss.cc:1: error: expected unqualified-id'); process.exit(1)`
    await onlyCommands({ ...apt, 'g++': compiler })
    const work = ensureFaiss(options)
    await expect(work).rejects.toThrow('expected unqualified-id')
    expect(await codeOf(work)).toBe('COMMAND_FAILED')
    expect((await readdir(options.cache)).filter((name) => name.startsWith('faiss-node'))).toEqual([])
  })

  test('a compiler whose addon does not load leaves none either', async () => {
    const { options } = await project()
    const compiler = `if (args[0] !== '--version') fs.writeFileSync(args[args.indexOf('-o') + 1], 'not an addon')`
    await onlyCommands({ ...apt, 'g++': compiler })
    expect(await codeOf(ensureFaiss(options))).toBe('LOAD_FAILED')
    expect((await readdir(options.cache)).filter((name) => name.startsWith('faiss-node'))).toEqual([])
  })

  test('package lists that are missing are fetched without root', async () => {
    const { options } = await project()
    const strict = `if (!args.includes('update') && !args.includes('-o')) process.exit(100)
      if (args.includes('update')) process.exit(0)
      for (const name of args.slice(args.indexOf('download') + 1)) fs.writeFileSync(name + '_1_amd64.deb', '')`
    await onlyCommands({ ...apt, 'apt-get': strict })
    expect(await codeOf(ensureFaiss(options))).toBe('NO_COMPILER')
  })
})

test('a Python environment that could not be filled is never found, and the next call makes it', async () => {
  const cache = await temporaryFolder()
  const python = (ends: string) => `
    if (args.includes('venv')) {
      const bin = args.at(-1) + '/bin'
      fs.mkdirSync(bin, { recursive: true }); fs.writeFileSync(bin + '/python', '')
    }
    if (args.includes('install')) { ${ends} }`
  await onlyCommands({ python3: python('process.exit(1)') })
  expect(await codeOf(ensurePython(['numpy'], { cache }))).toBe('COMMAND_FAILED')
  await onlyCommands({ python3: python('') })
  const made = await ensurePython(['numpy'], { cache })
  expect(await exists(made.python)).toBe(true)
  expect((await readdir(join(cache, 'python'))).sort()).toHaveLength(2)
  await onlyCommands({})
  expect(await ensurePython(['numpy'], { cache })).toMatchObject({ directory: made.directory })
  expect(made.command('milvus-lite')).toBe(join(made.directory, 'bin', 'milvus-lite'))
})

test('doctor says what works, what is missing or broken, what is used instead, and what mends it', async () => {
  const { root } = await project()
  await writeFiles(root, { 'node_modules/faiss-node/build/Release/faiss-node.node': 'not a library' })
  await onlyCommands({ 'g++': `console.log('g++ 12.2.0')` })
  const findings = await doctor({ from: root })
  const bySubject = Object.fromEntries(findings.map((finding) => [finding.subject, finding]))
  expect(bySubject['@tensorflow/tfjs-node 4.22.0']).toEqual({
    subject: '@tensorflow/tfjs-node 4.22.0',
    state: 'missing',
    detail: 'TensorFlow runs on WebAssembly',
    mend: 'npx @sparc/native tensorflow',
  })
  expect(bySubject['@tensorflow/tfjs-node-gpu']).toMatchObject({ state: 'not installed' })
  expect(bySubject['faiss-node 0.5.1']).toMatchObject({
    state: 'broken',
    detail: expect.stringMatching(/faiss-node.node.*exact engine/),
    mend: 'npx @sparc/native faiss',
  })
  expect(bySubject['C++ compiler']).toMatchObject({ state: 'works', detail: 'g++ 12.2.0' })
  expect(bySubject.pip).toMatchObject({ state: 'missing', mend: expect.stringContaining('python3-pip') })
  const text = describeFindings(findings)
  expect(text).toMatch(/^@tensorflow\/tfjs-node 4\.22\.0 +missing +TensorFlow runs on WebAssembly$/m)
  expect(text).toMatch(/^ +→ npx @sparc\/native tensorflow$/m)
})
