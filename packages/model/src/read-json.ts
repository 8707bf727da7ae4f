import type { Guard } from '@sparc/tables/plain'

/** What a JSON file of a saved folder holds; undefined where its guard does not let it through. */
export async function readJson<T>(
  folder: { read(name: string): Promise<Uint8Array> },
  name: string,
  guard: Guard<T>,
): Promise<T | undefined> {
  const parsed: unknown = JSON.parse(new TextDecoder().decode(await folder.read(name)))
  return guard(parsed) ? parsed : undefined
}
