import { NativeError } from './errors.ts'

/** Throws `UNSUPPORTED_PLATFORM` unless this is Linux on x64, which the recipes are for. */
export function requireLinuxX64(what: string): void {
  if (process.platform === 'linux' && process.arch === 'x64') return
  throw new NativeError('UNSUPPORTED_PLATFORM', {
    what: `${what} can be built from other parts on Linux x64 only; this is ${process.platform} ${process.arch}.`,
    next: 'Where the package’s own installer cannot download its binary, use the fallback (wasm, exact) or Linux x64.',
  })
}
