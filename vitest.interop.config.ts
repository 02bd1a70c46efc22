import { defineConfig } from 'vitest/config';

/** Conversations with real programs: one file at a time, as they share the machine's ports and its patience. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@hawser/source'] } },
  test: {
    name: 'interop',
    include: ['test/interop/**/*.interop.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
  },
});
