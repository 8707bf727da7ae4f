import { defineConfig } from 'vitest/config'

// No 'import' here: it would reach `require` in the test processes too, and break packages that are both.
const conditions = ['@sparc/source', 'node', 'default']

// TensorFlow's native addon cannot be loaded by two worker threads, so every test file has a process of its own.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['@sparc/source', 'node'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['./tools/properties.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    include: ['{packages,apps,examples,tools}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
})
