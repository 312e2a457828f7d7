import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, InvariantViolation } from '../base/errors.js';
import { ClockDomains, type ClockDomain } from './clock-domains.js';

/** The definition, in unlimited integers. */
function exact(value: number, multiplier: number, divisor: number, roundUp: boolean): number {
  const product = BigInt(value) * BigInt(multiplier);
  return Number((product + (roundUp ? BigInt(divisor) - 1n : 0n)) / BigInt(divisor));
}

const HZ: readonly (readonly [ClockDomain, number])[] = [
  ['pit', 1_193_182],
  ['uart', 1_843_200],
  ['rtc', 32_768],
  ['pmTimer', 3_579_545],
];

describe('ClockDomains', () => {
  it.each(HZ)('%s ticks %d times in a second of any core clock', (domain, hz) => {
    for (const coreHz of [4_000_000, 1_000_000_000, 2_999_999_999, 2 ** 34]) {
      const domains = new ClockDomains(coreHz);
      expect(domains.ticksAt(domain, coreHz)).toBe(hz);
      expect(domains.ticksAt(domain, coreHz - 1)).toBe(hz - 1);
      expect(domains.coreCyclesOf(domain, hz)).toBe(coreHz);
    }
  });

  it('lets the TSC run at the core clock unless told otherwise', () => {
    expect(new ClockDomains(1_000_000_000).ticksAt('tsc', 2 ** 53 - 1)).toBe(2 ** 53 - 1);
    expect(new ClockDomains(1_000_000_000, 2_000_000_000).ticksAt('tsc', 5)).toBe(10);
  });

  it('equals the rational definition for any core clock and any cycle up to 2^53', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...HZ),
        fc.integer({ min: 4_000_000, max: 2 ** 34 }),
        fc.maxSafeNat(),
        ([domain, hz], coreHz, cycle) => {
          const domains = new ClockDomains(coreHz);
          const ticks = exact(cycle, hz, coreHz, false);
          expect(domains.ticksAt(domain, cycle)).toBe(ticks);
          expect(domains.coreCyclesOf(domain, ticks)).toBe(exact(ticks, coreHz, hz, true));
        },
      ),
      { seed: 11, numRuns: 2000 },
    );
  });

  it('has tick k at the first cycle where k ticks have come', () => {
    const domains = new ClockDomains(999_999_937);
    for (const ticks of [1, 2, 3, 1000, 1_193_182, 10 ** 9]) {
      const cycle = domains.coreCyclesOf('pit', ticks);
      expect(domains.ticksAt('pit', cycle)).toBe(ticks);
      expect(domains.ticksAt('pit', cycle - 1)).toBe(ticks - 1);
    }
  });

  it.each([0, 1_000_000, 3.5e9 + 0.5, -1, NaN, 2 ** 35])(
    'refuses a core clock of %d Hz',
    (coreHz) => {
      expect(() => new ClockDomains(coreHz)).toThrow(ConfigurationError);
    },
  );

  it('refuses counts that are no counts, and results beyond 2^53', () => {
    const domains = new ClockDomains(1_000_000_000);
    expect(() => domains.ticksAt('pit', -1)).toThrow(InvariantViolation);
    expect(() => domains.ticksAt('pit', 0.5)).toThrow(InvariantViolation);
    expect(() => domains.coreCyclesOf('rtc', 2 ** 52)).toThrow(InvariantViolation);
  });
});
