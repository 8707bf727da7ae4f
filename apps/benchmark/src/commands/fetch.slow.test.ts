import { createHash } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { printed } from '../output.fixture.ts'
import { temporary } from '../temporary.fixture.ts'

const ratings = Array.from({ length: 60 }, (_, user) =>
  Array.from(
    { length: 6 },
    (_, i) => `A${1e12 + user},B${100_000_000 + ((user + i * 7) % 30)},5.0,${1.4e9 + i * 86_400}\n`,
  ),
)
  .flat()
  .join('')
const server = createServer((_, response) => response.end(ratings))
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
afterAll(() => server.close())
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ratings_Beauty.csv`

it('downloads a category, says its size and checksum, makes a data set of it, and a run takes that', async () => {
  const to = join(temporary(), 'beauty')
  const { code, output } = await printed(['fetch', '2014', 'Beauty', '--ratings', address, '--no-metadata', '--to', to])
  expect(code).toBe(0)
  expect(output).toContain(`sha256 ${createHash('sha256').update(ratings).digest('hex')}`)
  expect(output).toMatch(/import: .*60 users, 30 items, 360 interactions; fingerprint [0-9a-f]{16}/)
  expect(readdirSync(`${to}-raw`)).toEqual(['ratings_Beauty.csv'])
  const fingerprint = /fingerprint ([0-9a-f]{16})/.exec(output)?.[1]
  const run = await printed(['--dataset', to, '--models', 'popularity', '--out', join(temporary(), 'out')])
  expect(run.errors).toBe('')
  expect(run.output).toContain(`60 users, 30 items, 360 interactions; fingerprint ${fingerprint}`)
})

it('takes a local copy, and refuses another checksum, a release that there is not, and a copy that is not there', async () => {
  const folder = temporary()
  const copy = join(folder, 'copy.csv')
  writeFileSync(copy, ratings)
  const fetched = (...args: string[]) => printed(['fetch', '--no-metadata', '--to', join(folder, 'set'), ...args])
  const local = await fetched('2014', 'Beauty', '--ratings', copy)
  expect(local.output).toMatch(/import: .*60 users/)
  expect(existsSync(join(folder, 'set-raw'))).toBe(false)
  const wrong = await fetched(
    '2014',
    'Beauty',
    '--ratings',
    address,
    '--sha256',
    '0'.repeat(64),
    '--to',
    join(folder, 'wrong'),
  )
  expect([wrong.code, wrong.errors]).toEqual([1, expect.stringMatching(/checksum/i)])
  expect(existsSync(join(folder, 'wrong'))).toBe(false)
  expect((await fetched('2015', 'Beauty')).errors).toMatch(/2015.*2014, 2018, 2023/s)
  const none = await fetched('2014', 'Beauty', '--ratings', join(folder, 'none.csv'))
  expect([none.code, none.errors]).toEqual([1, expect.stringMatching(/missing.*none\.csv/s)])
})
