import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{emulator,firmware,kernel/compiler,tests,docs/examples}/**/*.test.ts'],
    exclude: ['tests/long/**', 'tests/foreign/**', 'node_modules/**'],
    testTimeout: 60_000,
    globalSetup: 'tests/temporary-folder.ts',
    pool: 'threads',
    // Half of the tests wait for processes of their own.
    maxWorkers: '100%',
  },
});
