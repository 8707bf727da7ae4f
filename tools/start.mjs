// `npm start`: sets up what is missing, then runs the benchmark with the given arguments.
import { runNode, setUp } from './setup.mjs'

await setUp()
const app = ['--conditions=@sparc/source', '--import', 'tsx', 'apps/benchmark/src/main.ts']
process.exitCode = await runNode([...app, ...process.argv.slice(2)])
