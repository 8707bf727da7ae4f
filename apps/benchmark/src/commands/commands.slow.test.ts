import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { printed } from '../output.fixture.ts'
import type { MetricsFile, RunFile } from '../run-folder/results.ts'
import { temporary } from '../temporary.fixture.ts'

const out = temporary()
const config = join(temporary(), 'mine.json')
const least = {
  name: 'mine',
  about: 'A test.',
  dataset: 'synthetic',
  world: 'tiny',
  systems: ['popularity', 'item-knn', { system: 'sparc', options: { codebook: { size: 8 }, warmUpSteps: 10 } }],
  seeds: [1, 2],
  fit: { steps: 20, options: { dim: 16, batch: 64 } },
  index: { probes: [1] },
}

beforeAll(async () => {
  writeFileSync(config, JSON.stringify(least))
  const { code, errors } = await printed(['run', config, '--out', out, '--run', 'a'])
  expect(errors).toBe('')
  expect(code).toBe(0)
}, 120_000)

const benchmark = (...args: string[]) => printed([...args, '--out', out])
const saved = (name: string) => JSON.parse(readFileSync(join(out, name, 'run.json'), 'utf8')) as RunFile
const metricsOf = (name: string) => JSON.parse(readFileSync(join(out, name, 'metrics.json'), 'utf8')) as MetricsFile
const rowsOf = (name: string) => metricsOf(name).rows.map((row) => `${row.name} ${row.seed}`)

describe('run', () => {
  it('says how long it will take, shows the leaderboard over seeds, and leaves a report', async () => {
    const { code, output } = await benchmark('run', config, '--run', 'a')
    expect(code).toBe(0)
    expect(output).toMatch(
      /mine: synthetic, by-user, seeds 1, 2; about .*\n +popularity +1 x .*\n.*\n +sparc +2 x .*2 there/,
    )
    expect(output).toMatch(/mine: 1 experiment, 4 fits \(4 of them there already\), about .* on two cores/)
    expect(output).toMatch(/popularity \(seed 1\): kept from before/)
    expect(output).toMatch(/sparc .*\.\d{4} ± \.\d{4}/)
    expect(output).toMatch(/fingerprint [0-9a-f]{16}/)
    expect(output.match(/^R: recall, .*co-div: .*LT: only targets.*fresh: /gm)).toHaveLength(1)
    expect(output).toMatch(
      /Claims of the papers, by this run alone\n.*SPARC: Recall@20 above.*\n {2}\d+ of \d+ can't be tested by it.*ledger .*[\\/]a\n$/s,
    )
    expect(existsSync(join(out, 'a', 'report.html'))).toBe(true)
    expect(existsSync(join(out, 'a', 'sparc', 'seed-2', 'embeddings.arrow'))).toBe(true)
  })

  it('keeps the command that makes the run again, with a configuration of its own as it was given', () => {
    expect(saved('a').command).toBe(`benchmark run ${config}`)
  })

  it('deletes nothing of a run that another process is writing, --fresh or not', async () => {
    const only = join(temporary(), 'only.json')
    writeFileSync(only, JSON.stringify({ ...least, systems: ['popularity'], seeds: [1] }))
    await benchmark('run', only, '--run', 'held')
    const held = join(out, 'held')
    writeFileSync(join(held, 'lock.json'), JSON.stringify({ pid: process.pid, host: hostname(), since: 'now' }))
    const before = readdirSync(held).sort()
    const { code, errors } = await benchmark('run', only, '--run', 'held', '--fresh')
    expect(errors).toMatch(/RUN_LOCKED.*held by process/s)
    expect(code).toBe(1)
    expect(readdirSync(held).sort()).toEqual(before)

    rmSync(join(held, 'lock.json'))
    writeFileSync(join(held, 'old.txt'), '')
    const { output } = await benchmark('run', only, '--run', 'held', '--fresh')
    expect(output).toMatch(/1 fit, about.*mine: begins in/s)
    expect(readdirSync(held).sort()).toEqual(before.filter((file) => file !== 'lock.json'))
  })

  it('refuses --fresh where no run is named, and where it would delete more than is asked for', async () => {
    for (const args of [['run', config], ['--smoke']]) {
      const { code, errors } = await benchmark(...args, '--fresh')
      expect(errors).toMatch(/FRESH_WITHOUT_RUN.*--run NAME --fresh/s)
      expect(code).toBe(1)
    }
    const { errors } = await benchmark('run', config, '--run', 'a', '--fresh', '--models', 'sparc', '--seeds', '2')
    expect(errors).toMatch(/FRESH_PART.*--models sparc --seeds 2.*delete its folder/s)
    expect(saved('a').finished).toBeTypeOf('string')
  })

  it('refuses a configuration that is no JSON, and one with an unknown key', async () => {
    const broken = join(temporary(), 'broken.json')
    writeFileSync(broken, '{ "name": "x", }')
    expect((await benchmark('run', broken)).errors).toMatch(/no valid JSON/)
    writeFileSync(broken, JSON.stringify({ ...least, datasett: 'x' }))
    const { code, errors } = await benchmark('run', broken)
    expect(errors).toMatch(/Did you mean "dataset"/)
    expect(code).toBe(1)
  })

  it('runs every experiment of a study in a folder of its own', async () => {
    const study = join(temporary(), 'both.json')
    const small = { ...least, systems: ['popularity'], seeds: [1] }
    const experiments = [
      small,
      { ...small, name: 'later', split: 'by-time' },
      { ...small, name: 'last', split: 'leave-one-out' },
    ]
    writeFileSync(study, JSON.stringify({ name: 'both', experiments }))
    expect((await benchmark('run', study, '--experiments', 'last')).code).toBe(0)
    const to = temporary()
    await benchmark('export', 'both', '--to', to)
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toMatch(
      /\[last\].* nothing \|\n\nNot begun: both\/mine, both\/later\./,
    )
    const { code, errors } = await benchmark('run', study)
    expect(errors).toBe('')
    expect(code).toBe(0)
    expect(readdirSync(join(out, 'both')).sort()).toEqual(['last', 'later', 'mine', 'study.json'])
  })

  it('goes on with the other systems where one fails, and says at the end which and why', async () => {
    const failing = join(temporary(), 'failing.json')
    const wrong = { system: 'sparc', name: 'too-many', options: { codebook: { size: 1000 }, warmUpSteps: 5 } }
    writeFileSync(failing, JSON.stringify({ ...least, seeds: [1], systems: ['popularity', wrong, 'item-knn'] }))
    const { code, output, errors } = await benchmark('run', failing, '--run', 'failing')
    expect(code).toBe(1)
    expect(output).toMatch(/too-many failed: The catalogue is too small for the codes.*item-knn: .*left out +too-many/s)
    expect(errors).toMatch(/^error \(TOO_LITTLE_DATA\): The catalogue is too small for the codes.*1000/)
  })

  it('runs the part that is asked for, and the rest joins it later', async () => {
    const part = (...args: string[]) => benchmark('run', config, '--run', 'part', ...args)
    expect((await part('--plan')).output).toMatch(/1 experiment, 4 fits, about/)
    expect(existsSync(join(out, 'part'))).toBe(false)
    await part('--models', 'item-knn')
    const { output } = await part('--models', 'sparc', '--seeds', '2')
    expect(output).toMatch(/1 experiment, 1 fit, about/)
    expect(output).not.toMatch(/kept from before/)
    expect(output).toMatch(/item-knn .*\.\d{4}/)
    expect(output).toMatch(/left out +popularity, sparc with seed 1/)
    expect((await benchmark('list')).output).toMatch(/part: synthetic-tiny, not finished/)

    const to = temporary()
    await benchmark('export', 'part', '--to', to)
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toMatch(/\| popularity, sparc with seed 1 \|/)
    expect(readFileSync(join(to, 'mine', 'README.md'), 'utf8')).toMatch(/Left out.*: popularity, sparc with seed 1\./)
  })
})

describe('join', () => {
  const parts = (...args: string[]) => benchmark('run', config, ...args)

  it('makes one table of what several processes made, the same as one process makes', async () => {
    await parts('--run', 'p1', '--models', 'popularity,item-knn')
    await parts('--run', 'p2', '--models', 'sparc')
    const { code, output, errors } = await benchmark('join', 'joined', 'p1', 'p2')
    expect(errors).toBe('')
    expect(code).toBe(0)
    expect(output).toMatch(/joined: 2 taken in from .*p1, 2 of 4 there\n.*joined: 2 taken in from .*p2, 4 of 4 there/)
    expect((await benchmark('join', 'joined', 'p1')).output).toMatch(/joined: 0 taken in from .*p1, 4 of 4 there/)
    const rows = (name: string) => metricsOf(name).rows.map(({ name, seed, metrics }) => ({ name, seed, metrics }))
    expect(rows('joined')).toEqual(rows('a'))
    expect(readdirSync(join(out, 'joined', 'sparc')).sort()).toEqual(readdirSync(join(out, 'a', 'sparc')).sort())
    expect((await parts('--run', 'joined')).output).toMatch(/4 fits \(4 of them there already\)/)
  })

  it('drops nothing that only one of the runs names, and counts no time twice', async () => {
    const named = join(temporary(), 'named.json')
    const als = { system: 'als', options: { factors: 4 } }
    const run = async (name: string, over: object) => {
      writeFileSync(named, JSON.stringify({ ...least, ...over }))
      await benchmark('run', named, '--run', name)
    }
    await run('n1', { systems: ['popularity', als], seeds: [1] })
    await run('n2', { systems: ['item-knn', als, { ...als, name: 'other-als' }], seeds: [1, 2] })
    expect((await benchmark('join', 'whole', 'n1', 'n2')).errors).toBe('')
    expect(rowsOf('whole')).toEqual(['popularity 1', 'als 1', 'item-knn 1', 'other-als 1', 'als 2', 'other-als 2'])
    const { experiment, phases, finished } = saved('whole')
    expect(experiment.seeds).toEqual([1, 2])
    expect(finished).toBeTypeOf('string')
    expect(Object.keys(phases)).toEqual(['fit', 'recommend'])
    const spent = metricsOf('whole').rows.reduce((sum, row) => sum + row.seconds.fit, 0)
    expect(phases.fit).toBeCloseTo(spent, 9)
    await benchmark('join', 'whole', 'n2')
    expect(saved('whole').phases).toEqual(phases)
  })

  it('has every experiment of the studies that it joins', async () => {
    const small = { ...least, systems: ['popularity'], seeds: [1] }
    const study = join(temporary(), 'halves.json')
    for (const [run, name] of [
      ['half-1', 'mine'],
      ['half-2', 'later'],
    ]) {
      writeFileSync(
        study,
        JSON.stringify({
          name: 'halves',
          experiments: [
            { ...small, name },
            { ...small, name: `${name}-2` },
          ],
        }),
      )
      await benchmark('run', study, '--run', run, '--experiments', name)
    }
    await benchmark('join', 'halves', 'half-1', 'half-2')
    const { experiments } = JSON.parse(readFileSync(join(out, 'halves', 'study.json'), 'utf8'))
    expect(experiments).toEqual(['mine', 'mine-2', 'later', 'later-2'])
    expect(rowsOf('halves/later')).toEqual(['popularity 1'])
    // What a study has begun stays part of it where its configuration no longer names it.
    await benchmark('run', study, '--run', 'halves', '--experiments', 'later')
    const after = JSON.parse(readFileSync(join(out, 'halves', 'study.json'), 'utf8'))
    expect(after.experiments).toEqual(['later', 'later-2', 'mine'])
  })

  it('refuses a run of something else, and a row of other options', async () => {
    const other = join(temporary(), 'other.json')
    writeFileSync(other, JSON.stringify({ ...least, splitSeed: 7 }))
    await benchmark('run', other, '--run', 'q1', '--models', 'popularity')
    expect((await benchmark('join', 'a', 'q1')).errors).toMatch(
      /RUNS_DIFFER.*splitSeed: \d+ against 7.*run of its own/s,
    )
    writeFileSync(other, JSON.stringify({ ...least, systems: [{ system: 'item-knn', options: { neighbours: 7 } }] }))
    await benchmark('run', other, '--run', 'q2')
    await parts('--run', 'q3', '--models', 'popularity')
    expect((await benchmark('join', 'q3', 'q2')).errors).toMatch(/ROW_MISMATCH.*item-knn/s)
  })
})

describe('list', () => {
  it('names configurations, systems, data sets and runs', async () => {
    const { output } = await benchmark('list')
    expect(output).toMatch(/beauty .*synthetic.*item-knn \(nothing to train\).*a: synthetic-tiny, finished/s)
  })
})

describe('compare', () => {
  it('finds no difference between a run and itself', async () => {
    const { output } = await benchmark('compare', 'a', 'a')
    expect(output).toMatch(/item-knn +(\.\d{4}) +\1 +\.0000/)
  })

  it('refuses a run of another fingerprint, and shows the difference', async () => {
    writeFileSync(config, JSON.stringify({ ...least, systems: ['popularity'], seeds: [1], splitSeed: 7 }))
    await benchmark('run', config, '--run', 'other')
    const { code, errors } = await benchmark('compare', 'a', 'other')
    expect(code).toBe(1)
    expect(errors).toMatch(/not measured on the same data.*data fingerprint: [0-9a-f]{16} against [0-9a-f]{16}/s)
  })

  it('says which rows of which run have no value of a metric, and of none which metrics there are', async () => {
    const { code, output } = await benchmark('compare', 'a', 'a', '--metric', 'interests/distance')
    expect(code).toBe(0)
    expect(output).toMatch(/sparc +\.\d{4}.*\n/)
    expect(output).toMatch(/no value of interests\/distance: popularity in a, item-knn in a/)
    const unknown = await benchmark('compare', 'a', 'a', '--metric', 'recal@50')
    expect(unknown.errors).toMatch(
      /UNKNOWN_METRIC.*popularity in a, .*Given: recal@50.*Allowed: recall@10.*Did you mean recall@50/s,
    )
  })

  it('says which runs there are where one is misspelt', async () => {
    expect((await benchmark('compare', 'a', 'othr')).errors).toMatch(/Did you mean other/)
  })
})

describe('tune', () => {
  it('tries the defaults and drawn settings, keeps what it tried, and goes on from there', async () => {
    const tune = (trials: string, ...others: string[]) =>
      benchmark('tune', 'item-knn', '--dataset', 'synthetic', '--trials', trials, ...others)
    expect((await tune('2')).output).toMatch(/trial 2 of 2.*validation R@50 \.\d{4}/)
    const { output } = await tune('3')
    expect(output).not.toMatch(/trial 2 of 3/)
    expect(output).toMatch(/trial 3 of 3/)
    expect(output).toMatch(/the defaults +\.\d{4}/)
    // A search with an option held is answered with its own settings.
    const held = await tune('2', '--options', '{"neighbours": 50}')
    const rows = held.output.slice(held.output.indexOf('options, best first')).split('\n')
    expect(rows.filter((row) => row.includes('"neighbours":50'))).toHaveLength(2)
    expect(rows.filter((row) => / \.\d{4} /.test(row))).toHaveLength(2)
  })

  it('takes a search with other rungs for another one: it has nothing to judge its trials by at a pause', async () => {
    const args = ['tune', 'item-knn', '--dataset', 'synthetic', '--trials', '2', '--steps', '200', '--run', 'rungs']
    await benchmark(...args)
    expect((await benchmark(...args)).output).not.toMatch(/trial \d of 2/)
    expect((await benchmark(...args, '--rungs', '2')).output.match(/rung 1 of 2: .* with \{/g)).toHaveLength(2)
  })

  it('trains only the better half of the settings to the end, going on from where they paused', async () => {
    const args = ['two-tower', '--dataset', 'synthetic', '--trials', '2', '--rungs', '2', '--options', '{"batch": 64}']
    const { output } = await benchmark('tune', ...args, '--steps', '200')
    expect(output.match(/trial \d of 2, rung 1 of 2: .* with \{/g)).toHaveLength(2)
    expect(output.match(/trial \d of 1, rung 2 of 2: .* with \{/g)).toHaveLength(1)
    expect(output.match(/ 200 +[\d.]+$/gm)).toHaveLength(1)
    expect(output.match(/ 100 +[\d.]+$/gm)).toHaveLength(1)
    expect(output.match(/with \{.*"batch":64.*\}/g)).toHaveLength(3)
    // Another budget is another search, and nothing of the one before it is left.
    expect((await benchmark('tune', ...args)).errors).toMatch(
      /at least 100 steps for the first rung.*--steps 200 or more/s,
    )
    const again = await benchmark('tune', ...args, '--steps', '220')
    expect(again.output.match(/rung 1 of 2: .* with \{/g)).toHaveLength(2)
    expect(again.output).not.toMatch(/ 100 +[\d.]+$/m)
  }, 180_000)
})

describe('report, ledger and export', () => {
  it('says all options of each row, with its defaults, also of a run whose version did not say them', async () => {
    const { options, ...run } = saved('a')
    expect(options?.sparc).toMatchObject({ dim: 16, warmUpSteps: 10, codebook: { size: 8, levels: 3 } })
    expect(Object.keys(options ?? {})).toEqual(['popularity', 'item-knn', 'sparc'])
    const old = join(out, 'old')
    cpSync(join(out, 'a'), old, { recursive: true })
    writeFileSync(join(old, 'run.json'), JSON.stringify(run))
    const exported = async () => {
      const to = temporary()
      await benchmark('export', 'old', '--no-page', '--to', to)
      const { options } = JSON.parse(readFileSync(join(to, 'mine', 'run.json'), 'utf8'))
      return { options, text: readFileSync(join(to, 'mine', 'README.md'), 'utf8') }
    }
    const whole = await exported()
    expect(whole.options).toEqual(options)
    expect(whole.text).toContain('](codebook-usage-sparc.svg)')
    expect(whole.text).toMatch(/all options of the rows in \[run\.json\]\(run\.json\)\.\n/)
    // A codebook of one codeword has nothing to show, and what other defaults have made is not known.
    const metrics = metricsOf('a')
    for (const { codebook } of metrics.rows) for (const level of codebook?.levels ?? []) level.size = 1
    writeFileSync(join(old, 'metrics.json'), JSON.stringify(metrics))
    for (const at of [join(old, 'sparc'), join(old, 'sparc', 'seed-2')]) {
      const row = JSON.parse(readFileSync(join(at, 'result.json'), 'utf8'))
      writeFileSync(join(at, 'result.json'), JSON.stringify({ ...row, hash: 'of-another-version' }))
    }
    const other = await exported()
    expect(Object.keys(other.options)).toEqual(['popularity', 'item-knn'])
    expect(other.text).not.toContain('codebook-usage')
    expect(other.text).toMatch(/; of sparc only those that the configuration names/)
  })

  it('puts several runs on one page', async () => {
    const to = join(temporary(), 'page.html')
    await printed(['report', 'a', 'both/last', '--out', out, '--to', to])
    const page = readFileSync(to, 'utf8')
    expect(page).toContain('mine: synthetic-tiny, by user')
    expect(page).toContain('last: synthetic-tiny, leave one out')
    expect(page).toContain('Codebook usage, sparc')
    expect(page).toContain('"model":"sparc"')
  })

  it('leaves users with their histories out of a page that is to be published', async () => {
    const to = join(temporary(), 'page.html')
    await benchmark('report', 'a', '--no-users', '--to', to)
    const page = readFileSync(to, 'utf8')
    expect(page).toContain('"users":[]')
    expect(page).toContain('Users and their histories are left out of this page')
    expect(page).toMatch(/"codes":\[\{"code":/)
  })

  it('prints the claims with their verdicts', async () => {
    const { output } = await benchmark('ledger', 'a')
    expect(output).toMatch(/NOT TESTABLE HERE: SPARC: PV500/)
    expect(output).toMatch(
      /REPRODUCED: SPARC: Recall@50 above strong baselines.*\n +(as claimed|[a-z ]+): recall@50 .* against/,
    )
  })

  it('leaves what was exported to a folder before in its tables and its ledger', async () => {
    const to = temporary()
    await benchmark('export', 'a', '--no-page', '--to', to)
    const page = () => readFileSync(join(to, 'README.md'), 'utf8')
    const ledger = () => readFileSync(join(to, 'ledger.md'), 'utf8')
    const own = readFileSync(join(to, 'mine', 'README.md'), 'utf8')
    const line = /\| \[mine\].*/.exec(page())?.[0] ?? 'nothing'
    const tests = (text: string) => text.match(/data [0-9a-f]{16}/g)?.length ?? 0
    const before = tests(ledger())
    expect(before).toBeGreaterThan(4)
    await benchmark('export', 'both/last', '--no-page', '--to', to)
    expect(page()).toContain(line)
    expect(page()).toMatch(/\| \[last\]\(last\/README\.md\)[\s\S]*Exported before, and left as they were: mine\./)
    expect(readFileSync(join(to, 'mine', 'README.md'), 'utf8')).toBe(own)
    // The run of now tests nothing: what there is is of the run of before.
    expect(tests(ledger())).toBe(before)
    const both = ledger()
    await benchmark('export', 'a', 'both/last', '--no-page', '--to', to)
    expect(page()).not.toContain('Exported before')
    expect(tests(ledger())).toBe(tests(both))
  })

  it('refuses two runs of one experiment, which would be written to one folder, and writes nothing', async () => {
    const to = join(temporary(), 'to')
    const { code, errors } = await benchmark('export', 'a', 'p1', '--to', to)
    expect(errors).toMatch(/SAME_EXPERIMENT.*named mine.*[\\/]a and .*[\\/]p1.*--to DIR/s)
    expect(code).toBe(1)
    expect(existsSync(to)).toBe(false)
  })

  it('writes leaderboards, figures and ledger as files for a repository', async () => {
    const to = temporary()
    await printed(['export', 'a', '--out', out, '--to', to])
    const text = readFileSync(join(to, 'mine', 'README.md'), 'utf8')
    expect(text).toMatch(/\| sparc \|/)
    expect(text).toMatch(/fingerprint [0-9a-f]{16}/)
    for (const [, file] of text.matchAll(/!\[.*\]\((.*\.svg)\)/g)) expect(existsSync(join(to, 'mine', file))).toBe(true)
    const csv = (file: string) => readFileSync(join(to, 'mine', file), 'utf8').split('\n')
    expect(csv('leaderboard.csv')[0]).toMatch(/^system,seeds,recall@20,recall@20 deviation,ndcg@20,/)
    expect(
      csv('leaderboard.csv')
        .slice(1)
        .map((line) => line.split(',', 2).join(' ')),
    ).toContain('sparc 2')
    expect(
      csv('metrics.csv')
        .slice(1, -1)
        .map((line) => line.split(',', 4).join(' ')),
    ).toEqual(metricsOf('a').rows.map(({ name, system, kind, seed }) => [name, system, kind, seed].join(' ')))
    expect(text).toMatch(/- seeds: 1, 2; no seed changes popularity, item-knn/)
    expect(text).toMatch(/\*\*bold\*\*: best of its column.*\n\n## History left in/)
    expect(text.match(/Times are as measured on the machine named above/g)).toHaveLength(2)
    expect(text).toMatch(/!\[Training\]\(training\.svg\)\n\n\*\*Training\.\*\* Recall@50 on the validation users/)
    expect(readFileSync(join(to, 'ledger.md'), 'utf8')).toMatch(/^# Claims ledger/)
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toMatch(/\[mine\]\(mine\/README\.md\) \| synthetic-tiny/)
    expect(readFileSync(join(to, 'report.html'), 'utf8')).toContain('"users":[]')
  })
})
