import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { evaluate, ndcg, recall } from '@sparc/eval'
import { loadRecommender } from '@sparc/model'
import { queriesOf, readCodebook, readEmbeddings, readInterests, readRecommendations, readTable } from '@sparc/tables'
import { beforeAll, describe, expect, it } from 'vitest'
import { leftOut } from '../report/left-out.ts'
import { factsOf } from '../report/run-text.ts'
import type { RowResult } from '../run-folder/results.ts'
import { openRun } from '../run-folder/saved-runs.ts'
import { temporary } from '../temporary.fixture.ts'
import { runTiny } from './tiny.fixture.ts'

const path = join(temporary(), 'first')
let rows: RowResult[] = []

const row = (name: string) => rows.find((each) => each.name === name)!

beforeAll(async () => {
  rows = (await runTiny(path)).rows
}, 120_000)

describe('a run', () => {
  it('has a row for each system, and one more for the shards of a system with codes', () => {
    expect(rows.map(({ name }) => name)).toEqual(['popularity', 'item-knn', 'two-tower', 'sparc', 'sparc-shards'])
    for (const { metrics } of rows) {
      for (const key of [
        'recall@20',
        'ndcg@50',
        'hitRate@50',
        'coverage@50',
        'leafDiversity@50',
        'coOccurrenceDiversity@50',
        'long-tail/recall@50',
        'cold-users/ndcg@50',
      ]) {
        expect(metrics.filtered[key]).toBeTypeOf('number')
        expect(metrics.unfiltered[key]).toBeTypeOf('number')
      }
    }
  })

  it('searches less than the whole catalogue by shards, and says how much of the exact answer it finds', () => {
    const { scanned, index = [] } = row('sparc-shards')
    expect(scanned).toBeLessThan(1)
    expect(index.map(({ engine, probes }) => `${engine} ${probes}`)).toEqual([
      'exact, all 0',
      'groups of rows 1',
      'groups of rows 2',
      'whole shards, faiss 1',
      'whole shards, faiss 2',
    ])
    const [exact, one, two] = index
    expect(exact.recallOfExact).toBe(1)
    expect(two.recallOfExact).toBeGreaterThanOrEqual(one.recallOfExact)
  })

  it('leaves tables from which anybody can recompute its numbers', async () => {
    const [items, cases, train, lists] = await Promise.all(
      ['items.arrow', 'cases.arrow', 'train.arrow', 'sparc/recommendations.arrow'].map((file) =>
        readTable(join(path, file)),
      ),
    )
    const again = evaluate(lists, cases, { metrics: [recall(50), ndcg(50)], items, train })
    const { filtered } = row('sparc').metrics
    expect(again.metrics['recall@50'].mean).toBeCloseTo(filtered['recall@50'] ?? Number.NaN, 12)
    expect(again.metrics['ndcg@50'].mean).toBeCloseTo(filtered['ndcg@50'] ?? Number.NaN, 12)
    const { offsets } = readRecommendations(lists).items
    expect(offsets[1] - offsets[0]).toBe(100)
    const embeddings = readEmbeddings(await readTable(join(path, 'sparc', 'embeddings.arrow')))
    expect(embeddings.codes?.levels).toBe(3)
    const interests = readInterests(await readTable(join(path, 'sparc', 'interests.arrow')))
    expect(interests.users.length).toBe(cases.numRows)
    expect(existsSync(join(path, 'two-tower', 'embeddings.arrow'))).toBe(true)
    const { levels } = readCodebook(await readTable(join(path, 'sparc', 'codebook.arrow')))
    expect(levels.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0))).toEqual([240, 240, 240])
  })

  it('says what was measured on what', async () => {
    const { run } = await openRun(path, 'nowhere')
    expect(run.dataset).toMatchObject({ name: 'synthetic-tiny', users: 400, items: 240 })
    expect(run.dataset.fingerprint).toMatch(/^[0-9a-f]{16}$/)
    expect(run.split.train + run.split.validation + run.split.test).toBeLessThanOrEqual(400)
    expect(run.backend).toBeTypeOf('string')
    expect(run.finished).toBeTypeOf('string')
    expect(Object.keys(run.phases)).toEqual(
      expect.arrayContaining(['data', 'split', 'fit', 'recommend', 'evaluate', 'index']),
    )
  })

  it.each(['two-tower', 'sparc'])(
    'has the validation Recall@50 of the trainer of %s equal to the one that eval measures',
    async (name) => {
      const [items, validation, train] = await Promise.all(
        ['items.arrow', 'validation.arrow', 'train.arrow'].map((file) => readTable(join(path, file))),
      )
      const model = await loadRecommender(join(path, name, 'model'))
      const lists = await model.recommend(queriesOf(validation), { k: 50 })
      const { metrics } = evaluate(lists, validation, { metrics: [recall(50)], items, train })
      model.dispose()
      expect(metrics['recall@50'].mean).toBeCloseTo(row(name).best?.recall ?? Number.NaN, 9)
    },
  )
})

describe('the same command again', () => {
  it('with the same seed gives the same metrics to 1e-6', async () => {
    const again = await runTiny(join(temporary(), 'second'))
    again.rows.forEach(({ metrics }, r) => {
      for (const [key, value] of Object.entries(rows[r].metrics.filtered)) {
        if (value === null) expect(metrics.filtered[key]).toBeNull()
        else expect(metrics.filtered[key]).toBeCloseTo(value, 6)
      }
    })
  }, 120_000)

  it('keeps the systems that are finished and makes only what is missing', async () => {
    const knn = join(path, 'item-knn', 'result.json')
    const before = statSync(join(path, 'sparc', 'result.json')).mtimeMs
    const text = readFileSync(knn, 'utf8')
    rmSync(knn)
    const again = await runTiny(path)
    expect(again.rows.map(({ name }) => name)).toEqual(rows.map(({ name }) => name))
    expect(statSync(join(path, 'sparc', 'result.json')).mtimeMs).toBe(before)
    expect(JSON.parse(readFileSync(knn, 'utf8')).rows[0].metrics).toEqual(JSON.parse(text).rows[0].metrics)
  })

  it('with other options is refused, with what differs', async () => {
    await expect(runTiny(path, { fit: { steps: 31 } })).rejects.toThrow(/fit: .*30.* against .*31.*--fresh/s)
    await expect(runTiny(path, { splitSeed: 7 })).rejects.toThrow(/data fingerprint/)
    const changed = [{ system: 'item-knn', options: { neighbours: 3 } }]
    await expect(runTiny(path, { systems: changed })).rejects.toThrow(/other options than it has now.*item-knn/s)
  })

  it('that is refused leaves the run as it was', async () => {
    const before = readFileSync(join(path, 'run.json'), 'utf8')
    const systems = ['popularity', { system: 'item-knn', options: { neighbours: 3 } }]
    await expect(runTiny(path, { systems })).rejects.toThrow(/item-knn/)
    expect(readFileSync(join(path, 'run.json'), 'utf8')).toBe(before)
  })

  it('with one more system adds it, and keeps the others, also those that it does not name', async () => {
    const systems = ['popularity', { system: 'item-knn', name: 'few-neighbours', options: { neighbours: 3 } }]
    const said: string[] = []
    const again = await runTiny(path, { systems }, undefined, (line) => said.push(line))
    const measured = (some: RowResult[]) => some.map(({ name, metrics }) => ({ name, metrics }))
    expect(measured(again.rows.slice(0, -1))).toEqual(measured(rows))
    expect(again.rows.at(-1)?.name).toBe('few-neighbours')
    expect(again.run.finished).toBeTypeOf('string')
    expect((await openRun(path, 'nowhere')).rows).toEqual(again.rows)
    expect(said.join('\n')).toMatch(/kept from before.*item-knn with seed 1, two-tower with seed 1, sparc with seed 1/)
  })

  it('with other seeds keeps the finished ones, and makes nothing that it does not name', async () => {
    const at = join(temporary(), 'seeds')
    const als = { system: 'als', options: { factors: 4, steps: 1 } }
    await runTiny(at, { systems: ['popularity', als], seeds: [1, 2] })
    const { rows: after, run } = await runTiny(at, { systems: ['popularity', 'item-knn'], seeds: [1, 3] })
    expect(run.experiment.seeds).toEqual([1, 2, 3])
    expect(after.map(({ name, seed }) => `${name} ${seed}`)).toEqual(['popularity 1', 'als 1', 'item-knn 1', 'als 2'])
    expect(leftOut({ run, rows: after })).toEqual(['als with seed 3'])
  })
})

describe('lists made elsewhere', () => {
  it('are kept while their file says the same, wherever it lies, and refused where it says something else', async () => {
    const [at, file] = [join(temporary(), 'given'), join(temporary(), 'lists.arrow')]
    const run = () => runTiny(at, { systems: [{ recommendations: file, name: 'given' }] })
    const lists = (name: string) => join(path, name, 'recommendations.arrow')
    copyFileSync(lists('popularity'), file)
    const [first] = (await run()).rows
    expect((await run()).rows).toEqual([first])
    copyFileSync(lists('item-knn'), file)
    await expect(run()).rejects.toThrow(/given.*must stay as they are/s)
    rmSync(file)
    expect((await run()).rows).toEqual([first])
  })
})

describe('a run on several machines', () => {
  it('says of earlier sittings on what they ran, where it was something else', async () => {
    const at = join(temporary(), 'moved')
    const over = { systems: ['popularity'] }
    const { run } = await runTiny(at, over)
    expect(run.otherSittings).toBeUndefined()
    const before = { ...run, machine: { ...run.machine, cpus: 77 }, versions: { ...run.versions, node: '1.2.3' } }
    writeFileSync(join(at, 'run.json'), JSON.stringify(before))
    await runTiny(at, over)
    const again = await runTiny(at, over)
    expect(again.run.otherSittings).toEqual([{ machine: before.machine, versions: before.versions }])
    const facts = new Map(factsOf(again.run, again.rows))
    expect(facts.get('also made on')).toMatch(/, 77 x .* GB, node 1\.2\.3$/)
    expect(factsOf(run, []).map(([name]) => name)).not.toContain('also made on')
  })
})

describe('a run that is stopped', () => {
  const over = { systems: ['two-tower'], fit: { steps: 60, checkpointEvery: 20, options: { dim: 16, batch: 64 } } }
  let whole: RowResult[] = []

  /** A run that was stopped behind its first checkpoint. */
  async function stopped(): Promise<{ at: string; checkpoint: string }> {
    const at = join(temporary(), 'stopped')
    const controller = new AbortController()
    const checked = expect(runTiny(at, over, controller.signal)).rejects.toThrow()
    const checkpoint = join(at, 'two-tower', 'checkpoint')
    while (!existsSync(`${checkpoint}-copy`)) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort()
    await checked
    return { at, checkpoint }
  }

  beforeAll(async () => {
    whole = (await runTiny(join(temporary(), 'whole'), over)).rows
  }, 60_000)

  it('goes on with a half-trained model from its checkpoint, and comes to what it would have come to', async () => {
    const { at, checkpoint } = await stopped()
    const { rows: resumed } = await runTiny(at, over)
    expect(resumed[0].metrics).toEqual(whole[0].metrics)
    expect(existsSync(checkpoint)).toBe(false)
    expect(existsSync(`${checkpoint}-copy`)).toBe(false)
  }, 60_000)

  it('says that a checkpoint is damaged and goes on from the last good one, or from the beginning', async () => {
    for (const copy of ['kept', 'damaged'] as const) {
      const { at, checkpoint } = await stopped()
      const said: string[] = []
      for (const folder of copy === 'kept' ? [checkpoint] : [checkpoint, `${checkpoint}-copy`]) {
        for (const file of readdirSync(folder))
          if (file !== 'manifest.json') writeFileSync(join(folder, file), 'damaged')
      }
      const { rows: resumed } = await runTiny(at, over, undefined, (line) => said.push(line))
      expect(said.join('\n')).toMatch(
        copy === 'kept' ? /damaged.*copy of the last good one/s : /damaged.*begins again/s,
      )
      expect(resumed[0].metrics).toEqual(whole[0].metrics)
    }
  }, 60_000)

  it('says that a checkpoint is gone or has no manifest, and goes on from its copy', async () => {
    for (const [lost, message] of [
      ['', /checkpoint of two-tower is gone\n.*copy of the last good one/],
      ['manifest.json', /checkpoint of two-tower has no manifest\.json\n.*copy of the last good one/],
    ] as const) {
      const { at, checkpoint } = await stopped()
      const said: string[] = []
      rmSync(join(checkpoint, lost), { recursive: true })
      const { rows: resumed } = await runTiny(at, over, undefined, (line) => said.push(line))
      expect(said.join('\n')).toMatch(message)
      expect(resumed[0].metrics).toEqual(whole[0].metrics)
    }
  }, 60_000)

  it('rejects, keeps what is finished, and lets go of its folder', async () => {
    const at = join(temporary(), 'stopped')
    const controller = new AbortController()
    const stopped = runTiny(at, { fit: { steps: 100_000 } }, controller.signal)
    const checked = expect(stopped).rejects.toThrow()
    while (!existsSync(join(at, 'item-knn', 'result.json'))) await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort()
    await checked
    expect(existsSync(join(at, 'two-tower', 'result.json'))).toBe(false)
    expect(existsSync(join(at, 'lock.json'))).toBe(false)
  }, 60_000)
})
