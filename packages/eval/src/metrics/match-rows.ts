import { InvalidInputError } from '@sparc/tables'

/** Says which case each recommendations row belongs to. */
export interface RowMatcher {
  /** Case row of each row of the next batch, -1 for a user that no case has. */
  match(users: string[]): Int32Array
}

/**
 * Recommendations made from the queries line up with them row by row; those from elsewhere are matched by user. 'auto'
 * takes the first where the users of the first table are those of the first cases, in order.
 * @throws InvalidInputError ROWS_DO_NOT_LINE_UP, DUPLICATE_USER
 */
export function rowMatcher(cases: string[], how: 'auto' | 'rows' | 'users'): RowMatcher {
  let mode = how
  let next = 0
  let rowOf: Map<string, number> | undefined
  let taken: Uint8Array | undefined
  return {
    match(users) {
      if (mode === 'auto') mode = linesUp(users, cases, 0) < 0 ? 'rows' : 'users'
      if (mode === 'rows') {
        const wrong = linesUp(users, cases, next)
        if (wrong >= 0) throw doesNotLineUp(users[wrong], cases[next + wrong], next + wrong)
        const from = next
        next += users.length
        return Int32Array.from({ length: users.length }, (_, row) => from + row)
      }
      rowOf ??= rowsByUser(cases)
      taken ??= new Uint8Array(cases.length)
      return matchUsers(users, rowOf, taken)
    },
  }
}

/** First row whose user differs, or -1. */
function linesUp(users: string[], cases: string[], from: number): number {
  for (let row = 0; row < users.length; row++) if (users[row] !== cases[from + row]) return row
  return -1
}

function rowsByUser(cases: string[]): Map<string, number> {
  const rows = new Map<string, number>()
  for (let row = 0; row < cases.length; row++) {
    if (rows.has(cases[row])) throw duplicateUser('cases', cases[row])
    rows.set(cases[row], row)
  }
  return rows
}

function matchUsers(users: string[], rowOf: Map<string, number>, taken: Uint8Array): Int32Array {
  return Int32Array.from(users, (user) => {
    const row = rowOf.get(user) ?? -1
    if (row < 0) return -1
    if (taken[row] === 1) throw duplicateUser('recommendations', user)
    taken[row] = 1
    return row
  })
}

function doesNotLineUp(given: string, wanted: string | undefined, row: number): InvalidInputError {
  return new InvalidInputError('ROWS_DO_NOT_LINE_UP', {
    what: `Row ${row} of the recommendations is not of the same user as row ${row} of the cases`,
    given: `"${given}"`,
    allowed: wanted === undefined ? 'no further rows: the cases have ended' : `"${wanted}"`,
    next: "Recommend for the very rows of the cases, or pass match: 'users'",
  })
}

function duplicateUser(table: string, user: string): InvalidInputError {
  return new InvalidInputError('DUPLICATE_USER', {
    what: `The ${table} have more than one row of a user, so they cannot be matched by user`,
    given: `"${user}"`,
    allowed: 'each user once',
    next: "Keep one row a user, or line the rows up with the cases and pass match: 'rows'",
  })
}
