import { InvalidInputError } from '@sparc/tables'
import { KERNEL_BYTES } from './kernel-bytes.ts'

/** The compiled inner loops, see `kernel/scan.ts`. Addresses are in bytes. */
interface Kernel {
  scanFloats(
    rows: number,
    blocks: number,
    dim: number,
    query: number,
    least: number,
    first: number,
    out: number,
  ): number
  scanBytes(rows: number, blocks: number, dim: number, query: number, least: number, first: number, out: number): number
}

/** The part of WebAssembly that is used here; TypeScript knows it in browsers only. */
interface Runtime {
  Module: new (bytes: Uint8Array) => object
  Memory: new (size: { initial: number; maximum: number }) => { buffer: ArrayBuffer; grow(pages: number): number }
  Instance: new (module: object, imports: object) => { exports: Kernel }
}
// By a name of any string: where a program has the types of browsers, theirs would be compared with these.
const name: string = 'WebAssembly'
const runtime: Runtime = Reflect.get(globalThis, name)

const PAGE = 65536
const MAX_PAGES = 65536
/** Queries have up to 16,384 dimensions of 4 bytes here. */
const SCRATCH = 65536
/** Rows that a call of the kernel scans at most; it has room for a pair of numbers for each. */
export const CHUNK_BLOCKS = 64
const RESERVED = SCRATCH + CHUNK_BLOCKS * 16 * 8

let compiled: object | undefined

/** A piece of an arena. */
export interface Region {
  arena: Arena
  at: number
  bytes: number
}

/** One WebAssembly memory of up to 4 GiB, with the kernel that scans it and an allocator: first fit, neighbours joined. */
export class Arena {
  readonly kernel: Kernel
  readonly query = 0
  readonly out = SCRATCH
  floats: Float32Array
  ints: Int32Array
  shorts: Int16Array
  bytes: Uint8Array
  private readonly memory: { buffer: ArrayBuffer; grow(pages: number): number }
  private end = RESERVED
  private free: { at: number; bytes: number }[] = []

  constructor() {
    compiled ??= new runtime.Module(Buffer.from(KERNEL_BYTES, 'base64'))
    this.memory = new runtime.Memory({ initial: Math.ceil(RESERVED / PAGE), maximum: MAX_PAGES })
    this.kernel = new runtime.Instance(compiled, { env: { memory: this.memory } }).exports
    this.floats = new Float32Array(this.memory.buffer)
    this.ints = new Int32Array(this.memory.buffer)
    this.shorts = new Int16Array(this.memory.buffer)
    this.bytes = new Uint8Array(this.memory.buffer)
  }

  private view(): void {
    this.floats = new Float32Array(this.memory.buffer)
    this.ints = new Int32Array(this.memory.buffer)
    this.shorts = new Int16Array(this.memory.buffer)
    this.bytes = new Uint8Array(this.memory.buffer)
  }

  /** A region of zeros, 64-byte aligned; undefined where this memory can't grow so far. */
  take(bytes: number): Region | undefined {
    const size = Math.ceil(bytes / 64) * 64
    for (let i = 0; i < this.free.length; i++) {
      const hole = this.free[i]
      if (hole.bytes < size) continue
      const at = hole.at
      if (hole.bytes === size) this.free.splice(i, 1)
      else this.free[i] = { at: at + size, bytes: hole.bytes - size }
      this.bytes.fill(0, at, at + size)
      return { arena: this, at, bytes: size }
    }
    const pages = Math.ceil((this.end + size - this.bytes.length) / PAGE)
    if (pages > 0) {
      if (this.bytes.length / PAGE + pages > MAX_PAGES) return undefined
      try {
        this.memory.grow(pages)
      } catch {
        return undefined
      }
      this.view()
    }
    const at = this.end
    this.end += size
    return { arena: this, at, bytes: size }
  }

  give(region: Region): void {
    let { at, bytes } = region
    this.free = this.free.filter((hole) => {
      if (hole.at + hole.bytes === at) {
        at = hole.at
        bytes += hole.bytes
        return false
      }
      if (at + bytes === hole.at) {
        bytes += hole.bytes
        return false
      }
      return true
    })
    // What lies at the end is zeroed, because memory from there on is taken as never used.
    if (at + bytes === this.end) {
      this.bytes.fill(0, at, at + bytes)
      this.end = at
    } else this.free.push({ at, bytes })
  }
}

/** As many arenas as the vectors need. */
export function arenas() {
  const all: Arena[] = []
  return {
    take(bytes: number): Region {
      for (const arena of all) {
        const region = arena.take(bytes)
        if (region) return region
      }
      const arena = new Arena()
      const region = arena.take(bytes)
      if (!region) {
        throw new InvalidInputError('OUT_OF_MEMORY', {
          what: 'There is no memory for a shard of this size',
          given: `${bytes} bytes`,
          allowed: 'less than 4 GiB a shard, within the memory of the machine',
          next: 'Use more codes, storage SQ8, or the milvus engine.',
        })
      }
      all.push(arena)
      return region
    },
  }
}
