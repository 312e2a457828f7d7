import { defineConfig } from 'vitest/config';

/** What takes minutes: npm run test:long. */
export default defineConfig({
  test: {
    include: ['tests/long/**/*.test.ts'],
    testTimeout: 600_000,
    globalSetup: 'tests/temporary-folder.ts',
    pool: 'threads',
  },
});
