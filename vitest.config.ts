import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{emulator,firmware,kernel/compiler,tests}/**/*.test.ts'],
    exclude: ['tests/long/**', 'node_modules/**'],
    testTimeout: 60_000,
    pool: 'threads',
  },
});
