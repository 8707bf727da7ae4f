/**
 * Draws docs/health.svg: how the items of the fixture spread over the codes of each level, unbalanced and balanced.
 *
 * usage: node --conditions=@sparc/source --import tsx packages/codebook/scripts/health-picture.ts
 */
import { writeFileSync } from 'node:fs'
import { random } from '@sparc/tables'
import { createResidualKMeans, type Health } from '../src/index.ts'
import { beautyItems } from '../src/vectors.fixture.ts'

const WIDTH = 270
const HEIGHT = 150
const GAP = 44
const TOP = 64
const MOST = 8

const items = beautyItems()
const shape = { levels: 3, size: 64, dim: items.dim }
const plain = createResidualKMeans({ ...shape, random: random(1) })
const balanced = createResidualKMeans({ ...shape, capacity: 1.25, random: random(1) })
const before = (await plain.fit(items)).health
await balanced.fit(items)
const after = balanced.health(balanced.encode(items, { capacity: 1.25, distinct: true }), items)

/** The codes of a level as steps, largest first, in fair shares. */
function steps(health: Health, level: number): string {
  const counts = Array.from(health.levels[level].counts).sort((a, b) => b - a)
  const fair = items.rows / counts.length
  const x = (i: number) => ((i / counts.length) * WIDTH).toFixed(1)
  const y = (count: number) => (HEIGHT * (1 - Math.min(MOST, count / fair) / MOST)).toFixed(1)
  return counts.map((count, i) => `${i === 0 ? 'M' : 'L'}${x(i)},${y(count)}H${x(i + 1)}`).join('')
}

function caption(health: Health, level: number): string {
  const { usage, perplexity, largest, counts } = health.levels[level]
  const share = (value: number) => value.toFixed(2)
  return `used ${share(usage)}, perplexity ${share(perplexity / counts.length)}, largest ${(largest * counts.length).toFixed(1)}`
}

function panel(level: number): string {
  const ticks = [1, 2, 4, 8].map((value) => {
    const y = (HEIGHT * (1 - value / MOST)).toFixed(1)
    const dash = value === 1 ? ' stroke-dasharray="3 3"' : ' stroke-opacity=".25"'
    return `<path d="M0,${y}H${WIDTH}" stroke="#888"${dash}/><text x="-6" y="${y}" dy="4" text-anchor="end">${value}x</text>`
  })
  return `<g transform="translate(${GAP + level * (WIDTH + GAP)},${TOP})">
<text x="0" y="-10" font-weight="bold">level ${level + 1}</text>${ticks.join('')}
<path d="${steps(before, level)}" fill="none" stroke="#c2562d" stroke-width="2"/>
<path d="${steps(after, level)}" fill="none" stroke="#2d7fc2" stroke-width="2"/>
<text x="0" y="${HEIGHT + 20}" fill="#c2562d">${caption(before, level)}</text>
<text x="0" y="${HEIGHT + 36}" fill="#2d7fc2">${caption(after, level)}</text></g>`
}

function line(health: Health, name: string, color: string, y: number): string {
  const collisions = `${(100 * health.collisions).toFixed(1)} % of the items share all codes`
  const error = `relative error ${(health.reconstruction ?? 0).toFixed(3)}`
  return `<text x="${GAP}" y="${y}" fill="${color}">${name}: ${collisions}, ${error}</text>`
}

const width = 3 * (WIDTH + GAP) + GAP
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${TOP + HEIGHT + 48}" font-family="sans-serif" font-size="12">
<title>How items spread over the codes of each level, with and without balance</title>
<rect width="100%" height="100%" fill="#fff"/><g fill="#333">
${line(before, 'residual k-means', '#c2562d', 18)}
${line(after, 'the same with capacity 1.25, distinct', '#2d7fc2', 36)}
${[0, 1, 2].map(panel).join('\n')}
</g></svg>
`
writeFileSync(new URL('../docs/health.svg', import.meta.url), svg)
