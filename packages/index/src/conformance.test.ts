import { describe } from 'vitest'
import { conforms } from './conformance.fixture.ts'

describe('the exact engine', () => conforms(() => ({ engine: 'exact' })))

describe('the faiss engine', () => conforms(() => ({ engine: 'faiss' })))
