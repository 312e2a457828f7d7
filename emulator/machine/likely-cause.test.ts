import { describe, expect, it } from 'vitest';
import type { FaultRecord } from '../cpu/processor-inspection.js';
import { CpuMode } from '../isa/state-layout.js';
import { likelyCause, type CrashState } from './likely-cause.js';

const fault = (parts: Partial<FaultRecord>): FaultRecord => ({
  vector: 13,
  errorCode: 0,
  rip: 0x100080n,
  cr2: 0n,
  cs: 8,
  mode: CpuMode.Long,
  whileDelivering: null,
  ...parts,
});
const pageFault = (cr2: bigint, errorCode = 0): FaultRecord =>
  fault({ vector: 14, cr2, errorCode });
/** #GP that names the entry of the IDT. */
const noGate = (entry: number): FaultRecord => fault({ errorCode: (entry << 3) | 2 });

const causeOf = (chain: readonly FaultRecord[], state: Partial<CrashState> = {}): string | null =>
  likelyCause({
    chain,
    stack: 0x9000n,
    idt: { base: 0x5000n, limit: 0xfff },
    gateBytes: 16,
    ...state,
  });

describe('the likely cause of a triple fault', () => {
  const FAR = 0x12_3456_7000n;
  const noStack =
    'there is no memory for the stack at 0x9000: it ran over its end, or was never set up';

  it.each<[what: string, chain: FaultRecord[], state: Partial<CrashState>, cause: string | null]>([
    [
      'no IDT',
      [fault({ vector: 6, errorCode: null }), noGate(6)],
      { idt: { base: 0n, limit: 0 } },
      'no IDT is loaded (its limit is 0)',
    ],
    [
      'INT3 without one, which is said once',
      [noGate(3), noGate(13)],
      { idt: { base: 0n, limit: 0 } },
      'no IDT is loaded (its limit is 0)',
    ],
    [
      'a short IDT',
      [pageFault(FAR), noGate(14)],
      { idt: { base: 0x5000n, limit: 14 * 16 - 1 } },
      'the IDT at 0x5000 ends before entry 14 (limit 0xdf)',
    ],
    [
      'a gate that is not there',
      [pageFault(FAR), noGate(14)],
      {},
      'entry 14 of the IDT at 0x5000 is empty or no gate',
    ],
    [
      'an IDT that is not mapped',
      [fault({}), pageFault(0x50d0n)],
      {},
      'the IDT at 0x5000 is not mapped',
    ],
    ['a stack that ran over', [pageFault(0x8ff8n, 2), pageFault(0x8fe8n, 2)], {}, noStack],
    ['a stack that no exception fits on', [fault({}), pageFault(0x8ff8n, 2)], {}, noStack],
    ['a segment without room', [fault({ vector: 12 }), fault({ vector: 12 })], {}, noStack],
    [
      'a null pointer, and nobody to handle it',
      [pageFault(0x10n), noGate(14)],
      {},
      'a null pointer (CR2 0x10); entry 14 of the IDT at 0x5000 is empty or no gate',
    ],
    [
      'a jump to nowhere',
      [fault({ vector: 14, cr2: FAR, rip: FAR })],
      {},
      'there is no code: a jump, call or return went to a wrong address, or the page tables lack the kernel itself',
    ],
    [
      'rubbish for page tables',
      [pageFault(FAR, 9)],
      {},
      'CR3, or an entry of a page table, points to what is no page table (a reserved bit is set)',
    ],
    ['a protection fault near the stack is no overflow', [pageFault(0x8ff8n, 3)], {}, null],
    ['nothing striking', [fault({}), fault({})], {}, null],
  ])('%s', (_what, chain, state, cause) => {
    expect(causeOf(chain, state)).toBe(cause === null ? null : `likely cause: ${cause}`);
  });
});
