import { InvalidFileError } from '@sparc/tables'

/** The error for a folder that holds a model, but not one of `system`. */
export function otherSystem(directory: string, given: unknown, system: string): InvalidFileError {
  return new InvalidFileError('OTHER_SYSTEM', {
    what: `The folder ${directory} holds a model of another system`,
    given: given ?? 'no system',
    allowed: system,
    next: 'Load it with loadRecommender, which asks the folder what it holds.',
  })
}
