/**
 * A program takes as long late as early: times that the engine keeps in fewer bits, or relative to a base that moves, show
 * nothing of it. The program fills the queues of the ports, so that dispatch waits for room in them all the time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { TimingEngine } from '../../emulator/timing/timing-engine.js';
import { projectRoot } from '../cli/s7x.js';
import { DATA, GuestMachine } from '../instructions/guest-machine.js';

const PASS =
  'add eax, ecx\nxor eax, edx\nrol eax, 7\nlea edx, [eax + eax * 4 + 1]\nlea esi, [ebx + edx]\nmov edi, [ebx]\n';
const PROGRAM = `
  mov ecx, 400
  mov ebx, ${DATA}
next:
  ${PASS.repeat(4)}
  sub ecx, 1
  jnz next
  hlt
`;
/** Until the queues' base moves; within reach of it, beyond the ranges of i32 and u32, and long after. */
const BEGINNINGS = [
  2 ** 30 - 4000,
  2 ** 30 - 1,
  2 ** 31 - 2000,
  2 ** 31,
  2 ** 32 - 2000,
  2 ** 33,
  2 ** 50,
];

/** Cycles and counters of the program when it begins in cycle `beginning`. */
function runFrom(beginning: number): unknown {
  const wasm = readFileSync(join(projectRoot, 'dist/emulator/timing/engine-zen1.wasm'));
  const engine = new TimingEngine(wasm, ZEN1);
  const { processor } = new GuestMachine(64, PROGRAM, {}, engine.attach);
  engine.wait(beginning);
  const start = engine.nowCycles;
  while (processor.run(100_000) !== ExitReason.Halt);
  const counters = engine.counters();
  expect(counters.SlotsBackEndCore, 'dispatch waits').toBeGreaterThan(10_000);
  return { ...counters, WaitCycles: 0, cycles: engine.nowCycles - start };
}

it('the cycles of a program do not depend on when it begins', () => {
  const early = runFrom(0);
  for (const beginning of BEGINNINGS) {
    expect(runFrom(beginning), `from ${beginning}`).toEqual(early);
  }
});
