import { InvalidFileError } from '@sparc/tables/plain'
import { comirecDrEncoder, comirecSaEncoder } from './comirec.ts'
import { gemirecEncoder } from './gemirec.ts'
import { historyReader } from './history-reader.ts'
import { mindEncoder } from './mind.ts'
import { sasrecEncoder } from './sasrec.ts'
import { sparcEncoder } from './sparc.ts'
import { twoTowerEncoder } from './two-tower.ts'
import type { SavedNetwork, UserEncoder } from './user-encoder.ts'

/** The systems whose user side is known in plain numbers. */
const ENCODERS: Readonly<Record<string, (saved: SavedNetwork) => UserEncoder>> = {
  'two-tower': twoTowerEncoder,
  'comirec-sa': comirecSaEncoder,
  'comirec-dr': comirecDrEncoder,
  mind: mindEncoder,
  remi: comirecSaEncoder,
  sasrec: sasrecEncoder,
  gemirec: gemirecEncoder,
  sparc: sparcEncoder,
}

/** What makes the encoder of a saved system. @throws InvalidFileError `NOT_SERVED` */
export function encoderOf(system: string): (saved: SavedNetwork) => UserEncoder {
  if (Object.hasOwn(ENCODERS, system)) return (saved) => readingHistories(ENCODERS[system](saved), historyReader(saved))
  throw new InvalidFileError('NOT_SERVED', {
    what: 'This system is not served from here',
    given: system,
    allowed: Object.keys(ENCODERS).join(', '),
    next: 'Load it with loadRecommender.',
  })
}

function readingHistories(encode: UserEncoder, read?: ReturnType<typeof historyReader>): UserEncoder {
  return read ? (history, interests) => encode(read(history), interests) : encode
}
