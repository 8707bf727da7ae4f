// Saves state after state into the folder it is given, until it is killed. Used by folder.slow.test.ts.
import { openFolder, saveFolder } from './folder.ts'

const directory = process.argv[2]
const format = { format: 'test.thing', version: 2 }
let state = Number((await openFolder(directory, format)).meta.state ?? 0)
process.stdout.write('ready\n')
for (;;) {
  state++
  const part = () => new Uint8Array(200_000).fill(state % 256)
  await saveFolder(directory, { ...format, meta: { state }, files: { 'part-1.bin': part, 'part-2.bin': part } })
}
