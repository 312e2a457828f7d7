/** The host gets a turn often enough, so that it shows what was printed and hears a signal while a guest only computes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { RunLoop } from '../../emulator/machine/run-loop.js';
import { NO_LIMITS } from '../../emulator/machine/run-end.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { projectRoot } from '../cli/s7x.js';
import { TestMachine } from '../guests/test-machine.js';

const PASSES = 1_500_000;
const INSTRUCTIONS = 2 * PASSES;
/** At ten million a second, a quarter of a second. */
const SLICE_MAX = 2_500_000;

const SECTOR = `
bits 16
org 0x7C00
    mov ecx, ${PASSES}
again:
    sub ecx, 1
    jnz again
    mov al, 0
    out 0xF4, al
    hlt
times 510-($-$$) db 0
dw 0xAA55`;

it('a slice of a run with zen1 is short, whatever the guest does', () => {
  const read = (name: string): Uint8Array => readFileSync(join(projectRoot, 'dist/emulator', name));
  const { machine } = new TestMachine(assemble('sector.asm', () => SECTOR).bytes, {
    timing: createTimingModel('zen1'),
    timed: {
      core: read('cpu/core-timed.wasm'),
      engines: { zen1: read('timing/engine-zen1.wasm') },
    },
  });
  const loop = new RunLoop(machine, NO_LIMITS, 'fail');
  let longest = 0;
  for (let end = null; end === null;) {
    const before = machine.processor.retired;
    end = loop.runSlice();
    longest = Math.max(longest, machine.processor.retired - before);
  }
  expect(machine.processor.retired).toBeGreaterThan(INSTRUCTIONS);
  expect(longest).toBeLessThan(SLICE_MAX);
});
