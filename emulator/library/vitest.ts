/** `import 'system7x/vitest'`: what vitest's `expect` can say of machines. */
import { expect } from 'vitest';
import { ConfigurationError, refusingAt } from '../base/errors.js';
import { formatSize, parseSize } from '../base/size.js';
import { findingLines } from '../cli/memory-checking.js';
import type { RunEndKind } from '../machine/run-end.js';
import { givenPattern, givenText } from './given-values.js';
import { VirtualMachine } from './virtual-machine.js';

declare module 'vitest' {
  interface Matchers<T> {
    /** The host storage behind the guest memory that was touched is smaller than a size such as `4M`. */
    toHaveTouchedLessThan(size: string): T;
    /** The run has ended so: `power-off`, `debug-exit`, `shutdown`, `hang`… */
    toHaveEnded(kind: RunEndKind): T;
    /** COM1 has shown a text, or what a regular expression matches. */
    toHaveShown(pattern: string | RegExp): T;
    /** With the option `check: ['uninit']`: the guest has read memory that nobody had written. */
    toHaveReadUninitialised(): T;
  }
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

function machine(received: unknown): VirtualMachine {
  if (received instanceof VirtualMachine) return received;
  throw new ConfigurationError('this is said of machines that boot() has made');
}

/** The sentence says what is, and what `expect` wanted of it. */
function result(pass: boolean, is: string, wanted: string): MatcherResult {
  return { pass, message: () => `${is}; it was to ${pass ? 'be other than' : 'be'} ${wanted}` };
}

expect.extend({
  toHaveTouchedLessThan(received: unknown, size: string): MatcherResult {
    const { residentBytes } = machine(received);
    const most = refusingAt('toHaveTouchedLessThan', () => parseSize(givenText(size, 'the size')));
    const is = `the guest has touched ${formatSize(BigInt(residentBytes))}`;
    return result(BigInt(residentBytes) < most, is, `less than ${formatSize(most)}`);
  },

  toHaveEnded(received: unknown, kind: RunEndKind): MatcherResult {
    const { ended } = machine(received);
    const is =
      ended === null ? 'the run goes on' : `the run ended by ${ended.kind}: ${ended.detail}`;
    return result(ended?.kind === kind, is, kind);
  },

  toHaveShown(received: unknown, pattern: string | RegExp): MatcherResult {
    const { text } = machine(received).serial;
    givenPattern(pattern, 'toHaveShown');
    const pass = typeof pattern === 'string' ? text.includes(pattern) : text.search(pattern) >= 0;
    const is = `COM1 has shown:\n${text}\n`;
    return { pass, message: () => `${is}with${pass ? 'out' : ''} ${String(pattern)} was expected` };
  },

  toHaveReadUninitialised(received: unknown): MatcherResult {
    const found = machine(received).findingsOf('uninit');
    const is = found.length === 0 ? 'every load was of what was written' : findingLines(found);
    return result(found.length > 0, [is].flat().join('\n'), 'a guest that reads what was not');
  },
});
