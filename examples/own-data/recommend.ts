// From a CSV of user,item,timestamp to recommendations for a user: recommend.ts FILE.csv USER [MODEL_FOLDER [STEPS]]
import { splitByUser } from '@sparc/eval'
import { importFile } from '@sparc/eval/datasets'
import { CodeShardedIndex } from '@sparc/index'
import { loadSparc, sparc } from '@sparc/model'
import { csr, makeQueries, readInteractions, readItems, readRecommendations } from '@sparc/tables'

const [path, user, folder = 'model', steps = '3000'] = process.argv.slice(2)
const data = await importFile({ path })
const { userIds, users, items } = readInteractions(data.interactions)
const history = items.filter((_, row) => userIds[users[row]] === user)
if (history.length === 0) throw new Error(`${path} has no user "${user}"`)

const { train, validation, notes } = splitByUser(data)
for (const note of notes) console.error(note)
const trained = sparc()
await trained.fit(
  { items: data.items, sequences: train, validation },
  {
    budget: { steps: Number(steps) },
    onEvent(event) {
      if (event.type !== 'validation') return
      console.error(`step ${event.step}: Recall@${event.k} ${event.recall.toFixed(3)} on unseen users`)
    },
  },
)
await trained.save(folder)

const model = await loadSparc(folder)
const index = await CodeShardedIndex.build(await model.embedItems())

const queries = makeQueries({ users: [user], history: csr([history]) })
const found = await index.search(await model.embedUsers(queries), { k: 10, scope: 'all', exclude: queries })

const { ids } = readItems(data.items)
const best = readRecommendations(found)
best.items.values.forEach((item, rank) => {
  console.log(`${rank + 1}. ${ids[item]} ${best.scores[rank].toFixed(2)}`)
})
