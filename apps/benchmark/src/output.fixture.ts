import { vi } from 'vitest'
import { runCommand } from './run-command.ts'

/** Runs a command line in this process and gives what it printed. */
export async function printed(argv: string[]): Promise<{ code: number; output: string; errors: string }> {
  let [output, errors] = ['', '']
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text
    return true
  })
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += text
    return true
  })
  try {
    return { code: await runCommand(argv), output, errors }
  } finally {
    out.mockRestore()
    err.mockRestore()
  }
}
