import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CodedRecommender, VectorRecommender } from '@sparc/model'
import { readCodebook, readEmbeddings, readInterests, writeTable } from '@sparc/tables'
import type { RowResult } from '../run-folder/results.ts'
import { codeHealth } from './codes.ts'
import type { Context } from './context.ts'
import { interestCosines, meanOf } from './interests.ts'
import { keepAndMeasure, listLength } from './lists.ts'
import { searchShards } from './shards.ts'

function hasCodebook(recommender: VectorRecommender): recommender is CodedRecommender {
  return 'codebook' in recommender
}

/** One code for everything makes one shard, which is the exact search again. */
function isSharded({ experiment }: Context, { codebook, name }: RowResult): boolean {
  const wanted = experiment.index.rows?.includes(name) ?? true
  return wanted && codebook !== undefined && codebook.levels[0].perplexity > 1
}

/**
 * Fourth stage for systems whose items and users are vectors: keeps the tables that an index is built from, and where
 * items have codes, searches the per-code shards for a row of their own.
 */
export async function serve(
  context: Context,
  recommender: VectorRecommender,
  exact: RowResult,
  at: string,
): Promise<RowResult[]> {
  const { queries, watch, folder, experiment, signal } = context
  const embeddings = await watch.time('embed', () => recommender.embedItems())
  const start = performance.now()
  const interests = await watch.time('embed', () => recommender.embedUsers(queries))
  const embedding = (performance.now() - start) / 1000
  const codebook = hasCodebook(recommender) ? await recommender.codebook() : undefined
  await writeTable(join(at, 'embeddings.arrow'), embeddings)
  await writeTable(join(at, 'interests.arrow'), interests)
  if (codebook !== undefined) await writeTable(join(at, 'codebook.arrow'), codebook)
  signal.throwIfAborted()

  exact.interestCosine = meanOf(interestCosines(readInterests(interests)))
  const view = readEmbeddings(embeddings)
  exact.codebook = codeHealth(view, codebook && readCodebook(codebook).levels.map((level) => level.vectors.rows))
  if (!isSharded(context, exact)) return [exact]

  const shards = await watch.time('index', () => searchShards(context, { embeddings, interests, codebook }, listLength))
  const rows: RowResult[] = []
  for (const [m, merged] of shards.merged.entries()) {
    const name = m === 0 ? `${exact.name}-shards` : `${exact.name}-shards-${merged.merge}`
    const beside = folder.row(name, exact.seed, exact.seed === experiment.seeds[0])
    await mkdir(beside, { recursive: true })
    const seconds = embedding + merged.seconds
    rows.push({
      ...exact,
      name,
      kind: 'shards',
      engine: shards.engine,
      metrics: await keepAndMeasure(context, merged.filtered, merged.unfiltered, beside),
      seconds: { fit: exact.seconds.fit, recommend: seconds },
      microsecondsPerQuery: (seconds * 1e6) / Math.max(1, queries.numRows),
      scanned: merged.scanned,
      index: m === 0 ? shards.curve : undefined,
      codebook: undefined,
      notes: m === 0 ? [] : [`candidates merged by ${merged.merge}`],
    })
  }
  return [exact, ...rows]
}
