import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CancelledError, InvalidFileError, parseOptions, SparcError } from '@sparc/tables'
import { z } from 'zod'
import { withLock } from './lock-file.ts'

const schema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** The file to be written. */
  to: z.string().min(1),
  /** 64 hexadecimal digits; the download is refused where they differ. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .optional(),
  /** How often a broken connection is taken up again (default 3). */
  retries: z.int().nonnegative().default(3),
  /** Give up a connection on which nothing has come for so many milliseconds (default 60,000). */
  stallMs: z.int().positive().default(60_000),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: z.custom<(event: DownloadProgress) => void>((value) => typeof value === 'function').optional(),
})

/** Options of `download`. */
export type DownloadOptions = z.input<typeof schema>
type Parsed = z.output<typeof schema>

export interface DownloadProgress {
  url: string
  /** Bytes that are on disk, those of earlier tries included. */
  received: number
  /** Bytes of the whole file; undefined where the server does not say. */
  total: number | undefined
}

export interface Downloaded {
  path: string
  bytes: number
  sha256: string
  /** Bytes that came over the network this time: 0 where the file was there already. */
  transferred: number
}

async function hashFile(path: string): Promise<Hash> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

function failed(code: string, what: string, { url, to }: Parsed, given: string, cause?: unknown): InvalidFileError {
  return new InvalidFileError(code, {
    what,
    given: `${given}, from ${url}`,
    next: `Try again (what has come is kept and taken up where it ended), or download it by other means and put it at ${to}, or give the importer the path of your copy`,
    cause,
  })
}

/** Asks for the file, or for what is missing of it; the server's tag makes sure that it is still the same file. */
async function request(options: Parsed, have: number, tag: string | undefined, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (have > 0 && tag) {
    headers.range = `bytes=${have}-`
    headers['if-range'] = tag
  }
  return fetch(options.url, { headers, signal })
}

interface Transfer {
  part: string
  tagFile: string
  transferred: number
  total: number | undefined
}

/** Writes a response behind what is there already. A watchdog cuts a connection on which nothing comes any more. */
async function receive(
  response: Response,
  have: number,
  options: Parsed,
  transfer: Transfer,
  beat: () => void,
): Promise<void> {
  const file: FileHandle = await open(transfer.part, have > 0 ? 'a' : 'w')
  let received = have
  try {
    options.onProgress?.({ url: options.url, received, total: transfer.total })
    for await (const chunk of response.body ?? []) {
      beat()
      await file.write(chunk)
      received += chunk.length
      transfer.transferred += chunk.length
      options.onProgress?.({ url: options.url, received, total: transfer.total })
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** One connection. True where the file is whole; false where it should be taken up again. */
async function connect(options: Parsed, transfer: Transfer): Promise<boolean> {
  const tag = await readFile(transfer.tagFile, 'utf8').catch(() => undefined)
  const before = tag === undefined ? 0 : await sizeOf(transfer.part)
  const stalled = new AbortController()
  const stall = () => globalThis.setTimeout(() => stalled.abort(), options.stallMs)
  let timer = stall()
  const beat = () => {
    clearTimeout(timer)
    timer = stall()
  }
  const signal = options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal
  try {
    const response = await request(options, before, tag, signal)
    if (response.status === 416) {
      await response.body?.cancel()
      await rm(transfer.part, { force: true })
      return false
    }
    if (!response.ok) {
      await response.body?.cancel()
      const status = `${response.status} ${response.statusText}`.trim()
      if (response.status >= 500 || response.status === 429) throw new Error(status)
      throw failed('DOWNLOAD_REFUSED', 'The server does not give the file', options, status)
    }
    const have = response.status === 206 ? before : 0
    const length = response.headers.get('content-length')
    transfer.total = length === null ? undefined : have + Number(length)
    const fresh = response.headers.get('etag') ?? response.headers.get('last-modified')
    // A weak tag does not promise the same bytes, so what it stands for cannot be continued.
    if (fresh && !fresh.startsWith('W/')) await writeFile(transfer.tagFile, fresh)
    else await rm(transfer.tagFile, { force: true })
    await receive(response, have, options, transfer, beat)
    return transfer.total === undefined || (await sizeOf(transfer.part)) === transfer.total
  } finally {
    clearTimeout(timer)
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  // An abort ends the pause early; the caller looks at the signal.
  await setTimeout(milliseconds, undefined, { signal }).catch(() => {})
}

async function transferAll(options: Parsed, transfer: Transfer): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    let cause: unknown
    try {
      if (await connect(options, transfer)) return
    } catch (error) {
      if (SparcError.isInstance(error)) throw error
      cause = error
    }
    if (options.signal?.aborted) {
      throw new CancelledError('CANCELLED', {
        what: `The download of ${basename(options.to)} was cancelled`,
        given: `${await sizeOf(transfer.part)} bytes`,
        next: 'They are kept: the next download takes up where this one ended.',
      })
    }
    if (attempt === options.retries) {
      const have = `${await sizeOf(transfer.part)} of ${transfer.total ?? 'unknown'} bytes`
      throw failed('DOWNLOAD_FAILED', 'The download broke off', options, have, cause)
    }
    await pause(Math.min(10_000, 100 * 3 ** attempt), options.signal)
  }
}

/**
 * Downloads a file over HTTP. An interrupted download goes on where it ended (`Range`, `If-Range`), the next time too;
 * the file gets its name only when it is whole and, where a checksum was given, right. A file that is there already is
 * checked and not downloaded again.
 *
 * @throws InvalidFileError `DOWNLOAD_FAILED`, `DOWNLOAD_REFUSED`, `CHECKSUM`, `LOCKED` (another process
 * writes the same file); CancelledError `CANCELLED`
 *
 * @example
 * const { path, sha256 } = await download({
 *   url: amazonUrls('2014', 'Beauty').ratings,
 *   to: 'data/ratings_Beauty.csv',
 *   onProgress: ({ received, total }) => bar.update(received / (total ?? received)),
 * })
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const parsed = parseOptions(schema, options, 'options of download')
  const { to, sha256 } = parsed
  const wanted = sha256?.toLowerCase()
  if ((await sizeOf(to)) > 0) {
    const found = (await hashFile(to)).digest('hex')
    if (wanted === undefined || found === wanted) {
      return { path: to, bytes: await sizeOf(to), sha256: found, transferred: 0 }
    }
    throw checksum(parsed, found, `Remove ${to} to download it again, or correct the checksum.`)
  }
  await mkdir(dirname(to), { recursive: true })
  return withLock(`${to}.lock`, () => fetchWhole(parsed))
}

async function fetchWhole(options: Parsed): Promise<Downloaded> {
  const { to } = options
  const wanted = options.sha256?.toLowerCase()
  const transfer: Transfer = { part: `${to}.part`, tagFile: `${to}.part.tag`, transferred: 0, total: undefined }
  await transferAll(options, transfer)
  const found = (await hashFile(transfer.part)).digest('hex')
  await rm(transfer.tagFile, { force: true })
  if (wanted !== undefined && found !== wanted) {
    await rm(transfer.part, { force: true })
    throw checksum(options, found, 'The file at this address has changed, or was damaged on the way: nothing was kept.')
  }
  await rename(transfer.part, to)
  return { path: to, bytes: await sizeOf(to), sha256: found, transferred: transfer.transferred }
}

function checksum({ url, to, sha256 }: Parsed, found: string, next: string): InvalidFileError {
  return new InvalidFileError('CHECKSUM', {
    what: `${basename(to)} does not have the checksum that was asked for`,
    given: `SHA-256 ${found}, from ${url}`,
    allowed: `SHA-256 ${sha256}`,
    next,
  })
}
