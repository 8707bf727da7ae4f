/** Memory that a kernel works on. */
export interface Memory {
  buffer: ArrayBuffer
  grow(pages: number): number
}

/** The part of WebAssembly that is used here; TypeScript knows it in browsers only. */
interface Runtime<Kernel> {
  Module: new (bytes: Uint8Array) => object
  Memory: new (pages: { initial: number; maximum?: number }) => Memory
  Instance: new (module: object, imports: object) => { exports: Kernel }
}
// By a name of any string: where a program has the types of browsers, theirs would be compared with these.
const name: string = 'WebAssembly'

/** Bytes of a page. */
export const PAGE = 65536

/** Makes a function that gives a kernel a memory of its own; `bytes`, base64, are compiled once, when first asked for. */
export function wasmKernel<Kernel>(bytes: string) {
  let compiled: object | undefined
  return (pages: { initial: number; maximum?: number }): { memory: Memory; kernel: Kernel } => {
    const runtime: Runtime<Kernel> = Reflect.get(globalThis, name)
    compiled ??= new runtime.Module(Buffer.from(bytes, 'base64'))
    const memory = new runtime.Memory(pages)
    return { memory, kernel: new runtime.Instance(compiled, { env: { memory } }).exports }
  }
}
