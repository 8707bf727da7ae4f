import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conforms } from '../conformance.fixture.ts'
import { startMilvus, type TestServer } from './server.fixture.ts'

describe('the milvus engine', () => {
  let server: TestServer
  let made = 0
  const options = () => ({
    engine: 'milvus' as const,
    milvus: { address: server.address, collection: `items_${made++}` },
  })
  beforeAll(async () => {
    server = await startMilvus()
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(true)
  })

  conforms(options, { items: 160, codes: 3, users: 8 })

  it('is a server of its own', () => expect(server.address).toMatch(/^127\.0\.0\.1:/))
})
