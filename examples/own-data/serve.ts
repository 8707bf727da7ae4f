// Recommendations without TensorFlow, from the folder that recommend.ts has saved: serve.ts MODEL_FOLDER ITEM...
import { openServing } from '@sparc/model/serving'

const [folder, ...history] = process.argv.slice(2)
const model = await openServing(folder)
const user = model.embed(history)
if (user.unknown.length > 0) console.error(`not in the catalogue, left out: ${user.unknown.join(', ')}`)

for (const { id, score, interest } of model.recommend(history, { k: 10, user })) {
  const { code, probability = 1 } = interest ?? {}
  const why = code === undefined ? 'popular' : `interest ${code}, ${(100 * probability).toFixed(0)} % likely`
  console.log(`${id} ${score.toFixed(2)} (${why})`)
}
