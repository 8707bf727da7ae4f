/** A share as findings are printed: `.1621`; other numbers with three digits. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '-'
  const text = value.toFixed(digits)
  return Math.abs(value) < 1 ? text.replace('0.', '.') : text
}

/** A p value: `< .0001`, `.032`. */
export function pValue(p: number): string {
  return p < 1e-4 ? '< .0001' : number(p, p < 0.01 ? 4 : 3)
}

/** A share in percent: `12.3 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** A row of a Markdown table; a bar inside of a cell stays text. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
