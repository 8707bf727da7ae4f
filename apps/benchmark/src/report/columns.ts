import type { Column } from './data.ts'

/**
 * The columns of the leaderboard, most telling first. The last two are for a synthetic world, whose truth is known: the share
 * of a user's coming interests that the list serves, and of those that nothing in the log shows yet.
 */
export const columns: Column[] = [
  { key: 'recall@20', label: 'R@20', better: 'higher' },
  { key: 'ndcg@20', label: 'N@20', better: 'higher' },
  { key: 'hitRate@20', label: 'HR@20', better: 'higher' },
  { key: 'recall@50', label: 'R@50', better: 'higher' },
  { key: 'ndcg@50', label: 'N@50', better: 'higher' },
  { key: 'hitRate@50', label: 'HR@50', better: 'higher' },
  { key: 'coverage@50', label: 'cov@50', better: 'higher' },
  { key: 'leafDiversity@50', label: 'div@50', better: 'higher' },
  { key: 'long-tail/recall@50', label: 'LT-R@50', better: 'higher' },
  { key: 'cold-users/ndcg@50', label: 'cold N@50', better: 'higher' },
  { key: 'future-interests/recall@50', label: 'future@50', better: 'higher' },
  { key: 'fresh-interests/recall@50', label: 'fresh@50', better: 'higher' },
]
