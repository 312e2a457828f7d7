/** Expectations: [82371SB] "CPERR—Coprocessor Error Register", signals FERR# and IGNNE#. */
import { expect, it } from 'vitest';
import { CoprocessorError } from './coprocessor-error.js';

function device(isFerrActive: boolean) {
  const log: string[] = [];
  const chip = new CoprocessorError({
    interrupt: { set: (level) => log.push(`irq13 ${level}`) },
    isFerrActive: () => isFerrActive,
    onIgnne: () => log.push('ignne'),
  });
  return { chip, log };
}

it('FERR# raises the request once, and a write takes it back and asserts IGNNE#', () => {
  const { chip, log } = device(true);
  chip.ferr();
  chip.ferr();
  chip.writePort();
  expect(log).toEqual(['irq13 true', 'irq13 false', 'ignne']);
});

it('a write without FERR# does not assert IGNNE#', () => {
  const { chip, log } = device(false);
  chip.ferr();
  chip.writePort();
  chip.writePort();
  expect(log).toEqual(['irq13 true', 'irq13 false']);
});

it('reset takes the request back, and a snapshot keeps it', () => {
  const { chip, log } = device(true);
  chip.ferr();
  const { chip: other, log: otherLog } = device(true);
  other.restore(chip.snapshot());
  chip.reset();
  other.writePort();
  expect([log, otherLog]).toEqual([
    ['irq13 true', 'irq13 false'],
    ['irq13 false', 'ignne'],
  ]);
});
