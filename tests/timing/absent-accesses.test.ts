/**
 * A prefetch of an address that does not translate is none: nothing is loaded. What the instructions behind it access is theirs alone, so
 * that it does not matter which of them the engine hears of at once.
 */
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { DATA, UNMAPPED } from '../instructions/guest-machine.js';
import { TimedProgram } from './timed-program.js';

const ADDRESSES: readonly (readonly [name: string, edi: string])[] = [
  ['not mapped', `mov edi, ${UNMAPPED}`],
  ['not canonical', 'mov edi, 1\ndb 0x48, 0xc1, 0xe7, 62 ; shl rdi, 62'],
];

function figures(model: typeof ZEN1, edi: string, piece: number): object {
  const source = `
    mov esi, ${DATA}
    ${edi}
    mov ecx, 20
  next:
    db 0x0f, 0x18, 0x0f ; prefetcht0 [rdi]
    mov eax, [esi]
    add ebx, [esi + 0x140]
    db 0x0f, 0x18, 0x4e, 0x40 ; prefetcht0 [rsi + 64]
    add esi, 0x1000
    sub ecx, 1
    jnz next
  `;
  const program = new TimedProgram(model, source, true);
  while (program.run(piece, 0) !== ExitReason.Halt);
  return program.figures();
}

describe.each([ZEN1, SKYLAKE])('with $name', (model) => {
  it.each(ADDRESSES)(
    'a prefetch of an address that is %s takes no access of a later instruction',
    (_name, edi) => {
      const whole = figures(model, edi, 100_000);
      for (const piece of [1, 2, 3]) expect(figures(model, edi, piece)).toEqual(whole);
    },
  );
});
