/**
 * A call whose target is refused stores no return address, in any tier.
 * Source: Intel SDM Vol. 2A, "CALL", Operation: a near indirect call checks its target before it pushes.
 */
import { describe, expect, it } from 'vitest';
import { CODE, HANDLERS } from '../instructions/guest-machine.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

/** The frame of the handler begins below 0x7000, so what a call has pushed at 0x7000 stays. */
const TOP = 0x7008n;
const PUSHED = 0x7000n;
const PASSES = 100n;
const INSTRUCTIONS_MAX = 10_000;
const GP = 13n;
const MARK = 0x1234_5678n;

/** Calls RAX again and again, in the end with what RBX holds. */
const CALLS = `
  next:
    call eax
    mov [esp - 8], edx
    sub ecx, 1
    db 0x48, 0x0f, 0x44, 0xc3   ; cmove rax, rbx
    jmp next
  function:
    ret`;

describe('a call of an address that is not canonical', () => {
  it.each([[null, 1_000_000] as const, ...TRANSLATING])(
    'is #GP and leaves the stack alone: threshold %s, runs of %s',
    (threshold, slice) => {
      const tier = new TierMachine(threshold);
      const { machine } = tier;
      machine.load(CALLS);
      machine.processor.rip = CODE;
      machine.setRegisters({
        ...{ rax: machine.label('function'), rbx: 1n << 63n, rcx: PASSES, rdx: MARK, rsp: TOP },
      });
      expect(tier.finish(slice, INSTRUCTIONS_MAX)).toMatch(/^Halt /);
      expect(machine.processor.rip).toBe(HANDLERS + 16n * GP + 1n);
      expect(machine.processor.read(PUSHED, 4)).toEqual(Uint8Array.of(0x78, 0x56, 0x34, 0x12));
    },
  );
});
