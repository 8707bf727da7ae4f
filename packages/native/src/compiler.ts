import { NativeError } from './errors.ts'
import { run } from './run.ts'

/** The C++ compiler to use: `CXX`, else the first of g++, c++ and clang++ that runs. Throws `NO_COMPILER`. */
export async function findCompiler(): Promise<string> {
  const candidates = [process.env.CXX, 'g++', 'c++', 'clang++'].filter((name) => name !== undefined && name !== '')
  for (const name of candidates) {
    const result = await run(name as string, ['--version'], { timeoutMs: 30_000 }).catch(() => undefined)
    if (result?.code === 0) return name as string
  }
  throw new NativeError('NO_COMPILER', {
    what: `No C++ compiler was found (tried ${candidates.join(', ')}).`,
    next: 'Install one, on Debian and Ubuntu with: sudo apt-get install g++',
  })
}
