/**
 * A region takes for granted what its segments are when it is made: with others it does nothing, and the interpreter does all.
 * The interpreter alone is the expectation.
 * Descriptors: SDM Vol. 3A, "Segment Descriptors".
 */
import { describe, expect, it } from 'vitest';
import { CODE, DATA } from '../instructions/guest-machine.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

/** The same loop with the segment as it was, changed, and as it was. MOV to a segment register leaves the TLB alone. */
const program = (segment: string): string => `
    call work
    mov eax, 0x18
    mov ${segment}, ax
    call work
    mov eax, 0x10
    mov ${segment}, ax
    call work
    hlt
  work:
    mov ecx, 60
    jmp next        ; so that the loop's first pass is no other block
  next:
    add eax, [esi]
    mov [esi + 4], eax
    adc [esi + 8], eax
    mov [es:edi], al
    push eax
    add ebx, [esp]
    pop edx
    sub ecx, 1
    jnz next
    ret`;

const GDT = 0x6000n;
const CHANGED = 0x18n;
const INSTRUCTIONS_MAX = 4000;

const FLAT = 0x00cf_9300_0000_ffffn;
const READ_ONLY = 0x00cf_9100_0000_ffffn;
const BASE_1000 = 0x00cf_9300_1000_ffffn;
const NOT_BIG = 0x008f_9300_0000_ffffn;
const limited = (limit: bigint): bigint =>
  0x0040_9300_0000_0000n | (limit & 0xffffn) | ((limit >> 16n) << 48n);
const expandDown = (limit: bigint): bigint => limited(limit) | (4n << 40n);

const CHANGES: readonly (readonly [
  told: string,
  segment: string,
  descriptor: bigint,
  end: RegExp,
])[] = [
  ['is loaded again as it was', 'ds', FLAT, /Halt 1\d{3} /],
  ['DS has another base', 'ds', BASE_1000, /Halt 1\d{3} /],
  ['the limit of DS allows no access', 'ds', limited(0x2_0000n), /Halt 5\d\d /],
  ['the limit of DS is just large enough', 'ds', limited(0x2_000bn), /Halt 1\d{3} /],
  ['the limit of DS is too small for the last access', 'ds', limited(0x2_000an), /Halt 5\d\d /],
  ['DS is read-only', 'ds', READ_ONLY, /Halt 5\d\d /],
  ['DS grows down from above the operands', 'ds', expandDown(0xf_ffffn), /Halt 5\d\d /],
  ['DS grows down from below the operands', 'ds', expandDown(0xffffn), /Halt 1\d{3} /],
  ['ES has another base', 'es', BASE_1000, /Halt 1\d{3} /],
  ['ES is read-only', 'es', READ_ONLY, /Halt 5\d\d /],
  ['the stack is one of 16 bits', 'ss', NOT_BIG, /Halt 1\d{3} /],
  ['SS has another base', 'ss', BASE_1000, /Halt 1\d{3} /],
];

describe('a segment that changes under translated code', () => {
  it.each(CHANGES)('%s', (told, segment, descriptor, end) => {
    const expected = outcome(null, 1_000_000, segment, descriptor);
    expect(expected).toMatch(end);
    for (const [threshold, slice] of TRANSLATING)
      expect(outcome(threshold, slice, segment, descriptor), `threshold ${threshold}`).toBe(
        expected,
      );
  });
});

function outcome(
  threshold: number | null,
  slice: number,
  segment: string,
  descriptor: bigint,
): string {
  const tier = new TierMachine(threshold, {}, 32);
  const { machine } = tier;
  machine.load(program(segment));
  machine.setWord(GDT + CHANGED, descriptor);
  machine.processor.setDescriptorTable('gdtr', { base: GDT, limit: 0x1f });
  machine.processor.rip = CODE;
  machine.setRegisters({
    ...{ rax: 3n, rbx: 0n, rdx: 0n },
    ...{ rsi: DATA, rdi: DATA + 0x100n, rsp: 0x1_7000n },
  });
  const end = tier.finish(slice, INSTRUCTIONS_MAX);
  if (threshold !== null) expect(tier.translator?.made).toBeGreaterThan(0);
  return end;
}
