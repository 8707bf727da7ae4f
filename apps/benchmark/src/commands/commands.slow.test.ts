import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { printed } from '../output.fixture.ts'
import type { MetricsFile } from '../run-folder/results.ts'
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
    expect(existsSync(join(out, 'a', 'report.html'))).toBe(true)
    expect(existsSync(join(out, 'a', 'sparc', 'seed-2', 'embeddings.arrow'))).toBe(true)
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
    expect(output).toMatch(/too-many failed: k-means needs.*item-knn: .*left out +too-many/s)
    expect(errors).toMatch(/^error \(TOO_FEW_VECTORS\): k-means needs.*1000/)
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
    const rows = (name: string) =>
      (JSON.parse(readFileSync(join(out, name, 'metrics.json'), 'utf8')) as MetricsFile).rows.map(
        ({ name, seed, metrics }) => ({ name, seed, metrics }),
      )
    expect(rows('joined')).toEqual(rows('a'))
    expect(readdirSync(join(out, 'joined', 'sparc')).sort()).toEqual(readdirSync(join(out, 'a', 'sparc')).sort())
    expect((await parts('--run', 'joined')).output).toMatch(/4 fits \(4 of them there already\)/)
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

  it('says which runs there are where one is misspelt', async () => {
    expect((await benchmark('compare', 'a', 'othr')).errors).toMatch(/Did you mean other/)
  })
})

describe('tune', () => {
  it('tries the defaults and drawn settings, keeps what it tried, and goes on from there', async () => {
    const tune = (trials: string) => benchmark('tune', 'item-knn', '--dataset', 'synthetic', '--trials', trials)
    expect((await tune('2')).output).toMatch(/trial 2 of 2.*validation R@50 \.\d{4}/)
    const { output } = await tune('3')
    expect(output).not.toMatch(/trial 2 of 3/)
    expect(output).toMatch(/trial 3 of 3/)
    expect(output).toMatch(/the defaults +\.\d{4}/)
  })

  it('trains only the better half of the settings to the end, going on from where they paused', async () => {
    const args = ['two-tower', '--dataset', 'synthetic', '--trials', '2', '--rungs', '2', '--options', '{"batch": 64}']
    const { output } = await benchmark('tune', ...args, '--steps', '200')
    expect(output.match(/trial \d of 2, rung 1 of 2.*validation R@50/g)).toHaveLength(2)
    expect(output.match(/trial \d of 1, rung 2 of 2.*validation R@50/g)).toHaveLength(1)
    expect(output.match(/ 200 +[\d.]+$/gm)).toHaveLength(1)
    expect(output.match(/ 100 +[\d.]+$/gm)).toHaveLength(1)
    expect(output.match(/with \{.*"batch":64.*\}/g)).toHaveLength(3)
    // Another budget is another search, and nothing of the one before it is left.
    expect((await benchmark('tune', ...args)).errors).toMatch(
      /at least 100 steps for the first rung.*--steps 200 or more/s,
    )
    const again = await benchmark('tune', ...args, '--steps', '220')
    expect(again.output.match(/rung 1 of 2.*validation R@50/g)).toHaveLength(2)
    expect(again.output).not.toMatch(/ 100 +[\d.]+$/m)
  })
})

describe('report, ledger and export', () => {
  it('puts several runs on one page', async () => {
    const to = join(temporary(), 'page.html')
    await printed(['report', 'a', 'both/last', '--out', out, '--to', to])
    const page = readFileSync(to, 'utf8')
    expect(page).toContain('synthetic-tiny, by user')
    expect(page).toContain('synthetic-tiny, leave one out')
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
    expect(output).toMatch(/REPRODUCED: SPARC: Recall@50 above strong baselines.*\n +recall@50 .* against/)
  })

  it('writes leaderboards, figures and ledger as files for a repository', async () => {
    const to = temporary()
    await printed(['export', 'a', '--out', out, '--to', to])
    const text = readFileSync(join(to, 'mine', 'README.md'), 'utf8')
    expect(text).toMatch(/\| sparc \|/)
    expect(text).toMatch(/fingerprint [0-9a-f]{16}/)
    for (const [, file] of text.matchAll(/!\[.*\]\((.*\.svg)\)/g)) expect(existsSync(join(to, 'mine', file))).toBe(true)
    expect(readFileSync(join(to, 'mine', 'leaderboard.csv'), 'utf8')).toMatch(/^system,recall@20/)
    expect(readFileSync(join(to, 'ledger.md'), 'utf8')).toMatch(/^# Claims ledger/)
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toMatch(/\[mine\]\(mine\/README\.md\) \| synthetic-tiny/)
    expect(readFileSync(join(to, 'report.html'), 'utf8')).toContain('"users":[]')
  })
})
