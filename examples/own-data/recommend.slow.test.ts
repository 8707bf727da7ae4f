import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { random } from '@sparc/tables'
import { expect, onTestFinished, test } from 'vitest'

const directory = fileURLToPath(new URL('.', import.meta.url))

/** 240 users of six tastes, each of 20 items: most of what a user takes is of their taste. */
function views(): string {
  const { next, int } = random(1)
  const lines = ['user,item,timestamp']
  for (let user = 0; user < 240; user++) {
    for (let n = 0; n < 10; n++) {
      const item = next() < 0.85 ? (user % 6) * 20 + int(20) : int(120)
      lines.push(`user-${user},sku-${item},${1_600_000_000 + 3600 * n + user}`)
    }
  }
  return lines.join('\n')
}

test('from a CSV to recommendations by string ids, mostly of the taste of the user, from a saved model', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sparc-own-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'views.csv'), views())
  const given = [join(folder, 'views.csv'), 'user-7', join(folder, 'model'), '150']
  const node = ['--conditions=@sparc/source', '--import', 'tsx', 'recommend.ts', ...given]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, node, { cwd: directory })
  expect(stderr).toMatch(/^step \d+: Recall@\d+ 0\.\d{3} on unseen users$/m)
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(10)
  for (const [rank, line] of lines.entries())
    expect(line).toMatch(new RegExp(`^${rank + 1}\\. sku-\\d+ -?\\d+\\.\\d\\d$`))
  const skus = lines.map((line) => Number(/sku-(\d+)/.exec(line)?.[1]))
  expect(new Set(skus).size).toBe(10)
  expect(skus.filter((sku) => sku >= 20 && sku < 40).length).toBeGreaterThan(5)
  expect(await readdir(join(folder, 'model'))).toContain('manifest.json')
  const run = promisify(execFile)
  const serve = ['--conditions=@sparc/source', '--import', 'tsx', 'serve.ts', join(folder, 'model')]
  const served = await run(process.execPath, [...serve, 'sku-21', 'sku-33', 'no-such'], { cwd: directory })
  expect(served.stderr).toBe('not in the catalogue, left out: no-such\n')
  expect(served.stdout).toMatch(/^(sku-\d+ -?\d+\.\d\d \(interest \d+, \d+ % likely\)\n){10}$/)
  const popular = await run(process.execPath, serve, { cwd: directory })
  expect(popular.stdout).toMatch(/^(sku-\d+ \d+\.00 \(popular\)\n){10}$/)
  node[node.length - 3] = 'nobody'
  await expect(run(process.execPath, node, { cwd: directory })).rejects.toThrow(/views\.csv has no user "nobody"/)
})
