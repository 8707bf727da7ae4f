import { readFileSync } from 'node:fs'
import type { ReportData } from './data.ts'
import { html, jsonForScript } from './escape.ts'
import { ledgerSection, runSection } from './sections.ts'

function beside(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

/** The whole report as one HTML file: styles, script and data are inside, and nothing is loaded from anywhere. */
export function reportPage(report: ReportData): string {
  const links = [...report.runs.map((run) => [run.id, run.title]), ['ledger', 'Claims']]
  const explorers = report.runs.flatMap(({ id, explorer }) => (explorer === undefined ? [] : [{ run: id, explorer }]))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${html(report.title)}</title>
<style>
${beside('page.css')}</style>
</head>
<body>
<header><h1>${html(report.title)}</h1><button type="button" id="theme">light / dark</button></header>
<main>
<nav aria-label="Sections"><ul>${links.map(([id, title]) => `<li><a href="#${html(id!)}">${html(title!)}</a></li>`).join('')}</ul></nav>
${report.runs.map(runSection).join('\n')}
${ledgerSection(report.ledger)}
</main>
<footer>Made by the benchmark from the files of its runs; every number can be recomputed from them.</footer>
<script type="application/json" id="data">${jsonForScript({ explorers })}</script>
<script>
${beside('page.client.js')}</script>
</body>
</html>
`
}
