import { defineConfig } from 'vitest/config'

const conditions = ['@sparc/source', 'node', 'import', 'default']

// TensorFlow's native addon cannot be loaded by two worker threads, so every test file has a process of its own.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['@sparc/source', 'node', 'import'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    include: ['{packages,apps,examples,tools}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
})
