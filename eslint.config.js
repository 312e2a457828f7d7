import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Tables may be long; everything else stays readable in one sitting. */
const TABLES = [
  'emulator/isa/forms/**',
  'emulator/isa/uop.ts',
  'emulator/memory/zoo/**',
  '**/*.test.ts',
  'tests/**',
  'docs/examples/**',
];
/** The AssemblyScript dialect: type-checked by its own tsconfig, not by the linter's project service. */
const DIALECT = [
  'emulator/cpu/core/**',
  'emulator/timing/engine/**',
  'kernel/src/**',
  'kernel/compiler/testdata/**',
  'firmware/testdata/**',
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', ...DIALECT] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          './emulator/tsconfig.json',
          './emulator/cli/tsconfig.json',
          './emulator/cli/browser/tsconfig.json',
          './emulator/library/tsconfig.json',
          './firmware/tsconfig.json',
          './kernel/compiler/tsconfig.json',
          './scripts/tsconfig.json',
          './tests/tsconfig.json',
          './tsconfig.lint.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
      ],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['emulator/**/*.ts'],
    ignores: ['emulator/cli/**', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Use base/prng.ts with a seed.' },
        { object: 'Date', property: 'now', message: 'Guest time only: use the clock.' },
      ],
      'no-restricted-globals': ['error', 'Date', 'performance', 'setTimeout', 'setInterval'],
    },
  },
  { files: TABLES, rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
  {
    files: ['vitest.config.ts', 'vitest.long.config.ts', 'vitest.guests.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { globals: { module: 'readonly', require: 'readonly', process: 'readonly' } },
  },
);
