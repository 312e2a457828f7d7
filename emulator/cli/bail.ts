/** `--bail[=N]` of sweeps and suites: how many may fail before all ends. */
import { parseCount } from './quantities.js';

/** An option whose value may be left out; `withBailValue` is what keeps the word behind it. */
export const BAIL_OPTION = { type: 'string' } as const;

const VALUELESS = '--bail';

/** A command line in which --bail has its value: the word behind it is an image's name. */
export function withBailValue(word: string): string {
  return word === VALUELESS ? `${VALUELESS}=1` : word;
}

/** @throws ConfigurationError for a value that is no count */
export function failuresMax(bail: string | boolean | undefined): number {
  if (bail === undefined || bail === false || bail === 'false') return Infinity;
  if (bail === true || bail === 'true' || bail === '') return 1;
  return parseCount(bail, VALUELESS);
}
