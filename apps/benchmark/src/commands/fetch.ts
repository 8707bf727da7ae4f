import { basename, isAbsolute, join } from 'node:path'
import { amazonUrls, download, importAmazon, saveDataset } from '@sparc/eval/datasets'
import { CancelledError } from '@sparc/tables'
import { onInterrupt } from '../interrupt.ts'
import { duration } from '../progress/duration.ts'
import type { Progress } from '../progress/progress.ts'
import { makeFolder, removeEmpty } from '../run-folder/folder.ts'
import { tellKept } from '../supervised.ts'
import { consoleProgress } from './sitting.ts'

export interface FetchOptions {
  to?: string
  /** A local copy, or another address; its owners' address where absent. */
  ratings?: string
  /** The same; false goes without. */
  metadata: string | boolean
  kCore: number
  sha256?: string
}

type Release = '2014' | '2018' | '2023'

const isAddress = (source: string) => /^https?:\/\//.test(source)
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

/** A local copy as it is; what has an address is downloaded, and taken up where an earlier try ended. */
async function local(
  source: string,
  folder: string,
  job: { progress: Progress; signal: AbortSignal; sha256?: string },
) {
  if (!isAddress(source)) return source
  const { progress, signal, sha256 } = job
  const phase = progress.phase(basename(source))
  const got = await download({
    url: source,
    to: join(folder, basename(new URL(source).pathname)),
    sha256,
    signal,
    onProgress({ received, total }) {
      const size = total === undefined ? '' : ` of ${megabytes(total)}`
      phase.update(total === undefined ? 0 : received / total, `${megabytes(received)}${size}`)
    },
  })
  phase.end(`${megabytes(got.bytes)}, sha256 ${got.sha256}`)
  return got.path
}

/** `benchmark fetch RELEASE CATEGORY`: an Amazon category from its owners, or from a copy, to a data set to run on. */
export async function fetchAmazon(release: Release, category: string, options: FetchOptions): Promise<void> {
  const name = `amazon-${category.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${release}`
  const to = options.to ?? join('data', name)
  const raw = `${to}-raw`
  const urls = amazonUrls(release, category)
  const wanted = options.metadata === true ? urls.metadata : options.metadata || undefined
  const kept = () => `Stopped. What was downloaded is kept in ${raw}; the same command goes on from there`
  tellKept(kept())
  makeFolder(to)
  const { signal, done } = onInterrupt(kept)
  const progress = consoleProgress()
  const start = performance.now()
  try {
    const ratings = await local(options.ratings ?? urls.ratings, raw, { progress, signal, sha256: options.sha256 })
    const metadata = wanted === undefined ? undefined : await local(wanted, raw, { progress, signal })
    const phase = progress.phase('import')
    const kCore = options.kCore > 1 ? options.kCore : undefined
    const onProgress = ({ stage, rows }: { stage: string; rows?: number }) =>
      phase.update(0, rows === undefined ? stage : `${stage}, ${rows.toLocaleString('en')} rows`)
    const dataset = await importAmazon({ release, ratings, metadata, name, kCore, signal, onProgress })
    await saveDataset(to, dataset)
    const { users, items, interactions } = dataset.counts
    const counts = [users, items, interactions].map((count) => count.toLocaleString('en'))
    phase.end(`${counts[0]} users, ${counts[1]} items, ${counts[2]} interactions; fingerprint ${dataset.fingerprint}`)
    const lines = [...dataset.notes, `${to} is there after ${duration((performance.now() - start) / 1000)}.`]
    for (const line of lines) progress.say(line)
    progress.say(`Run on it: npm start -- --dataset ${isAbsolute(to) ? to : `./${to}`}`)
  } catch (error) {
    if (signal.aborted) throw new CancelledError('INTERRUPTED', { what: kept(), cause: error })
    throw error
  } finally {
    progress.stop()
    done()
    for (const folder of [to, raw]) removeEmpty(folder)
  }
}
