import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** Folder of Node-API's C headers. */
export function nodeApiHeaders(): string {
  return join(dirname(require.resolve('node-api-headers/package.json')), 'include')
}

/** Folder of Node-API's C++ headers. */
export function nodeAddonApi(): string {
  return dirname(require.resolve('node-addon-api/package.json'))
}

/** The highest Node-API version that both a package and this Node support. */
export function nodeApiVersion(supported: number[]): number {
  const ours = Number(process.versions.napi)
  return Math.max(...supported.filter((version) => version <= ours))
}
