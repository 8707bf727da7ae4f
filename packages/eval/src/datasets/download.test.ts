import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { folder } from './folder.fixture.ts'
import { amazonUrls, type DownloadProgress, download } from './index.ts'

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 251))
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

interface Behaviour {
  /** Send only so many bytes on the first connections, and wait for `cut`. */
  cuts?: number[]
  /** Ends the connection that waits. */
  cut?: () => void
  etag?: string
  ranges?: boolean
  status?: number
  content?: Buffer
  silent?: boolean
}

/** A server on the loopback that can misbehave; gives its address and the requests that it got. */
async function serve(
  behaviour: Behaviour,
): Promise<{ url: string; requests: IncomingMessage[]; behaviour: Behaviour }> {
  const requests: IncomingMessage[] = []
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request)
    const { cuts = [], etag = '"v1"', ranges = true, status, content = CONTENT, silent } = behaviour
    if (status) return void response.writeHead(status).end()
    const range = /bytes=(\d+)-/.exec(request.headers.range ?? '')
    const from = ranges && range && request.headers['if-range'] === etag ? Number(range[1]) : 0
    const body = content.subarray(from)
    const headers = { 'content-length': body.length, ...(etag ? { etag } : {}) }
    if (from > 0 && from >= content.length) return void response.writeHead(416).end()
    response.writeHead(from > 0 ? 206 : 200, headers)
    const cut = cuts.shift()
    if (cut === undefined && !silent) return void response.end(body)
    response.write(body.subarray(0, cut ?? 1000))
    behaviour.cut = () => request.socket.destroy()
  }
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  return { url: `http://127.0.0.1:${address.port}/file.csv`, requests, behaviour }
}

/** Cuts the connection each time when so many bytes have come in all: not sooner, or some would be lost on the way. */
function cutAt(behaviour: Behaviour, ...totals: number[]): (event: DownloadProgress) => void {
  return ({ received }) => {
    if (received !== totals[0]) return
    totals.shift()
    behaviour.cut?.()
  }
}

async function target(): Promise<string> {
  return join(await folder({}), 'deep', 'file.csv')
}

test('a file is downloaded whole, with its size in the progress, and not downloaded twice', async () => {
  const { url, requests } = await serve({})
  const to = await target()
  const events: DownloadProgress[] = []
  const first = await download({ url, to, sha256: SHA256, onProgress: (event) => events.push(event) })
  expect(first).toEqual({ path: to, bytes: CONTENT.length, sha256: SHA256, transferred: CONTENT.length })
  expect((await readFile(to)).equals(CONTENT)).toBe(true)
  expect(events[0]).toEqual({ url, received: 0, total: CONTENT.length })
  expect(events.at(-1)).toEqual({ url, received: CONTENT.length, total: CONTENT.length })
  expect((await download({ url, to, sha256: SHA256 })).transferred).toBe(0)
  expect(requests.length).toBe(1)
  expect(existsSync(`${to}.part`) || existsSync(`${to}.part.tag`)).toBe(false)
})

test('a connection that breaks is taken up where it ended', async () => {
  const { url, requests, behaviour } = await serve({ cuts: [100_000, 50_000] })
  const to = await target()
  const { transferred } = await download({ url, to, sha256: SHA256, onProgress: cutAt(behaviour, 100_000, 150_000) })
  expect(transferred).toBe(CONTENT.length)
  expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-', 'bytes=150000-'])
  expect((await readFile(to)).equals(CONTENT)).toBe(true)
})

test('a later download goes on with what an earlier one left', async () => {
  const { url, behaviour } = await serve({ cuts: [120_000] })
  const to = await target()
  await expect(download({ url, to, retries: 0, onProgress: cutAt(behaviour, 120_000) })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
  })
  expect(existsSync(to)).toBe(false)
  behaviour.cuts = []
  expect((await download({ url, to, sha256: SHA256 })).transferred).toBe(CONTENT.length - 120_000)
})

test('what is left is thrown away when the file has changed, and when the server knows no ranges', async () => {
  const changed = await serve({ cuts: [120_000] })
  const to = await target()
  await expect(
    download({ url: changed.url, to, retries: 0, onProgress: cutAt(changed.behaviour, 120_000) }),
  ).rejects.toThrow('broke off')
  changed.behaviour.etag = '"v2"'
  changed.behaviour.content = Buffer.from(CONTENT.map((byte) => byte ^ 1))
  await download({ url: changed.url, to })
  expect((await readFile(to)).equals(changed.behaviour.content)).toBe(true)

  const plain = await serve({ cuts: [120_000], ranges: false, etag: '' })
  const other = await target()
  const onProgress = cutAt(plain.behaviour, 120_000)
  expect((await download({ url: plain.url, to: other, sha256: SHA256, onProgress })).transferred).toBe(
    CONTENT.length + 120_000,
  )
})

test('a wrong checksum is refused, for a fresh file and for one that is there, and nothing is kept of the fresh one', async () => {
  const { url } = await serve({})
  const to = await target()
  await expect(download({ url, to, sha256: 'a'.repeat(64) })).rejects.toMatchObject({ code: 'CHECKSUM' })
  expect(existsSync(to) || existsSync(`${to}.part`)).toBe(false)
  await download({ url, to })
  await expect(download({ url, to, sha256: 'a'.repeat(64) })).rejects.toThrow(/Remove .* to download it again/)
})

test('a part that is longer than the file is thrown away', async () => {
  const { url } = await serve({})
  const directory = await folder({ 'file.csv.part': Buffer.concat([CONTENT, CONTENT]), 'file.csv.part.tag': '"v1"' })
  expect((await download({ url, to: join(directory, 'file.csv'), sha256: SHA256 })).bytes).toBe(CONTENT.length)
})

test('a refusal is not tried again, and says how to use a local copy', async () => {
  const { url, requests } = await serve({ status: 404 })
  await expect(download({ url, to: await target() })).rejects.toThrow(
    /404 Not Found.*give the importer the path of your copy/,
  )
  expect(requests.length).toBe(1)
})

test('a server in trouble is asked again, up to the number of retries', async () => {
  const { url, requests } = await serve({ status: 503 })
  await expect(download({ url, to: await target(), retries: 1 })).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' })
  expect(requests.length).toBe(2)
})

test('a connection on which nothing comes any more is given up', async () => {
  const { url } = await serve({ silent: true })
  await expect(download({ url, to: await target(), retries: 0, stallMs: 300 })).rejects.toMatchObject({
    code: 'DOWNLOAD_FAILED',
  })
})

test('cancelling stops at once and keeps what has come', async () => {
  const { url } = await serve({ silent: true })
  const to = await target()
  const abort = new AbortController()
  const running = download({
    url,
    to,
    signal: abort.signal,
    onProgress: ({ received }) => received > 0 && abort.abort(),
  })
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
  expect((await readFile(`${to}.part`)).length).toBe(1000)
})

test('two downloads of the same file do not write into each other; the lock of a dead process is no lock', async () => {
  const { url } = await serve({ silent: true })
  const to = await target()
  const abort = new AbortController()
  const first = download({ url, to, signal: abort.signal, onProgress: ({ received }) => received > 0 && second() })
  let other: Promise<unknown> | undefined
  const second = () => {
    other ??= expect(download({ url, to }))
      .rejects.toMatchObject({ code: 'LOCKED' })
      .finally(() => abort.abort())
  }
  await expect(first).rejects.toMatchObject({ code: 'CANCELLED' })
  await other
  expect(existsSync(`${to}.lock`)).toBe(false)

  const whole = await serve({})
  const directory = await folder({ 'file.csv.lock': '2147483646' })
  expect((await download({ url: whole.url, to: join(directory, 'file.csv') })).bytes).toBe(CONTENT.length)
})

test('each release has addresses for ratings, reviews and metadata, which are addresses', async () => {
  for (const release of ['2014', '2018', '2023'] as const) {
    const urls = Object.values(amazonUrls(release, 'All_Beauty'))
    expect(urls.map((url) => new URL(url).pathname.includes('All_Beauty'))).toEqual([true, true, true])
  }
})
