// Saves state after state of an index into the folder it is given, until it is killed. Used by crash.slow.test.ts.
import { CodeShardedIndex } from './code-sharded-index.ts'
import { stateOf } from './saver-state.fixture.ts'

const directory = process.argv[2]
const index = await CodeShardedIndex.open(directory)
let state = index.stats().epoch
process.stdout.write('ready\n')
for (;;) {
  await index.upsert(stateOf(++state))
  await index.save(directory)
}
