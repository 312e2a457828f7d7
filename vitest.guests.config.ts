import { defineConfig } from 'vitest/config';

/** Kernels that nobody here wrote, where their packages are installed: npm run test:guests. */
export default defineConfig({
  test: {
    include: ['tests/foreign/**/*.test.ts'],
    testTimeout: 3_600_000,
    globalSetup: 'tests/temporary-folder.ts',
    pool: 'threads',
    reporters: ['verbose'],
  },
});
