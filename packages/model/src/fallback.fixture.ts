// Trains two systems on whatever backend SPARC_BACKEND asks for and prints what came of it; run by tensorflow.test.ts in a
// process of its own, since a process has one backend.
import { loadTensorflow, sparc, twoTower } from './index.ts'
import { smallWorld, tiny } from './world.fixture.ts'

const { backend, advice } = await loadTensorflow()
const { data } = smallWorld()
const models = [twoTower(tiny), sparc({ ...tiny, warmUpSteps: 10, codebook: { size: 8 } })]
const recalls: (number | undefined)[] = []
for (const model of models) {
  const report = await model.fit(data, { validation: { every: 15, k: 12 } })
  recalls.push(report.best?.recall)
  model.dispose()
}
process.stdout.write(JSON.stringify({ backend, advice, recalls }))
