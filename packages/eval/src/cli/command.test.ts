import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sparcEval } from './command.ts'

const directory = await mkdtemp(join(tmpdir(), 'sparc-eval-cli-'))
afterAll(() => rm(directory, { recursive: true, force: true }))
const path = (name: string) => join(directory, name)

const users = Array.from({ length: 40 }, (_, user) => `u${user}`)
const files = {
  'targets.csv': `user,item\n${users.map((user, at) => `${user},i${at % 8}\n`).join('')}`,
  'good.csv': `user,item\n${users.map((user, at) => `${user},i${at % 8}\n`).join('')}`,
  'near.csv': `user,item\n${users.map((user, at) => `${user},${at < 30 ? `i${at % 8}` : 'other'}\n`).join('')}`,
  'poor.csv': `user,items\n${users.map((user, at) => `${user},${at < 5 ? `i${at % 8}` : 'other'}\n`).join('')}`,
  'history.csv': `user,items\n${users.map((user) => `${user},other`).join('\n')}\n`,
  'train.csv': 'user,items\nx,i0 i1 i2\ny,i0\n',
}
for (const [name, content] of Object.entries(files)) await writeFile(path(name), content)

async function run(...args: string[]) {
  let out = ''
  let error = ''
  const code = await sparcEval(
    args.map((arg) => arg.replace(/[a-z]+\.csv/g, path)),
    {
      out: (text) => {
        out += text
      },
      error: (text) => {
        error += text
      },
    },
  )
  return { code, out, error }
}

describe('sparc-eval', () => {
  test('prints a leaderboard, and says beside it what was met', async () => {
    const { code, out, error } = await run('targets.csv', 'good.csv', 'poor.csv', '--metrics', 'recall@1,coverage@1')
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'all cases (40)',
      '',
      '      recall@1    coverage@1',
      '----  ----------  ------------',
      'good    1.0000*        .8889*',
      'poor     .1250+        .6667+',
      '',
      '* best, + second best.',
      '',
    ])
    expect(error).toBe('No items file: the 9 items of the files are the catalogue.\n')
  })

  test('tests differences, several files being seeds of one system', async () => {
    const seeds = 'mine=good.csv,near.csv'
    const options = ['--against', 'poor', '--metrics', 'recall@1,coverage@1', '--resamples', '500', '-f', 'json']
    const { out } = await run('targets.csv', seeds, 'poor.csv', ...options)
    const { systems, comparisons } = JSON.parse(out)
    expect(systems.map(({ name, seeds }: { name: string; seeds: unknown[] }) => [name, seeds.length])).toEqual([
      ['mine', 2],
      ['poor', 1],
    ])
    expect(comparisons).toHaveLength(1)
    expect(comparisons[0]).toMatchObject({ system: 'mine', metric: 'recall@1', difference: 0.75, significant: true })
  })

  test('prints slices under headings of their own, as Markdown too', async () => {
    const slices = ['--train', 'train.csv', '--slices', 'long-tail,new-items', '--metrics', 'recall@1']
    const { out } = await run('targets.csv', 'good.csv', 'poor.csv', ...slices, '--format', 'markdown')
    expect(out).toContain('### all cases (40)')
    expect(out).toContain('### new-items (25)\n\n|  | recall@1 |\n| --- | ---: |\n| good | **1.0000** |')
  })

  test('writes CSV, and the values of each case', async () => {
    const more = ['--metrics', 'recall@1', '--format', 'csv', '--per-case', 'cases.csv']
    const { out } = await run('targets.csv', 'poor.csv', ...more)
    expect(out.split('\n').slice(0, 2)).toEqual(['system,seeds,recall@1,recall@1 deviation', 'poor,1,0.125,'])
    const lines = (await readFile(path('cases.csv'), 'utf8')).split('\n')
    expect(lines[0]).toBe('system,seed,user,history,targets,recall@1')
    expect(lines[1]).toBe('poor,0,u0,0,1,1')
    expect(lines[40]).toBe('poor,0,u39,0,1,0')
  })

  test('draws what there are values for', async () => {
    const more = ['--train', 'train.csv', '-s', 'popularity,history-length', '--figures', path('figures')]
    const { error } = await run('targets.csv', 'good.csv', 'poor.csv', ...more)
    const names = ['by-k', 'against-coverage', 'by-popularity', 'by-history']
    expect(error).toContain(`Drawn: ${names.map((name) => path(`figures/${name}.svg`)).join(', ')}.`)
    for (const name of names) expect(await readFile(path(`figures/${name}.svg`), 'utf8')).toMatch(/^<svg .*<\/svg>$/s)
    const little = await run('targets.csv', 'good.csv', '-m', 'recall@1', '--figures', path('none'))
    expect(little.error).toContain('Nothing to draw')
  })

  test('drops what was seen before if asked to', async () => {
    const options = [
      '--history',
      'history.csv',
      '--drop-seen',
      '--metrics',
      'precision@1,coverage@1',
      '--format',
      'csv',
    ]
    const { out } = await run('targets.csv', 'poor.csv', ...options)
    expect(out.split('\n')[1]).toBe(`poor,1,0.125,,${5 / 9},`)
  })

  test.each([
    ['a file that is not there', ['none.csv', 'good.csv'], 'There is no such file'],
    ['a metric that it does not know', ['targets.csv', 'good.csv', '-m', 'recal@5'], 'Did you mean recall@5?'],
    ['a column of the files that is none', ['targets.csv', 'good.csv', '--columns', 'usr=u'], 'Did you mean user=...?'],
    ['a slice by a column without an items file', ['targets.csv', 'good.csv', '-s', 'brand'], 'brand'],
    ['two systems of one name', ['targets.csv', 'good.csv', 'good=poor.csv'], 'Two systems'],
    ['a comparison of one system', ['targets.csv', 'good.csv', '--against', 'good'], '--against'],
    ['a comparison with nobody', ['targets.csv', 'good.csv', 'poor.csv', '--against', 'god'], 'Did you mean "good"?'],
    ['an option that it does not know', ['targets.csv', 'good.csv', '--metric', 'x'], '--metrics'],
    ['a number that is none', ['targets.csv', 'good.csv', '--resamples', 'many'], 'whole number'],
  ])('says what is wrong with %s', async (_, args, message) => {
    const { code, error, out } = await run(...args)
    expect(code).toBe(1)
    expect(error).toContain(message)
    expect(out).toBe('')
  })

  test('explains itself', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    expect(out).toContain('sparc-eval targets.csv mine.csv')
  })
})
