import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The backends under test start threads of their own.
    maxWorkers: 2,
    allowOnly: false,
    silent: 'passed-only',
  },
});
