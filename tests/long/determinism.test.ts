/** The kernel instruction by instruction, and every size of machine three times. */
import { expect, it } from 'vitest';
import { DEFAULT_TUNING, type RunTuning } from '../../emulator/machine/run-tuning.js';
import { s7x, sweepRecord } from '../cli/s7x.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const stateAfter = (tuning: RunTuning): unknown[] => {
  const host = new TestMachine(bundledKernel());
  host.run(tuning);
  const { machine } = host;
  return [host.serial, machine.nowCycles, machine.processor.retired, machine.stateHash()];
};

it('in runs of 1 instruction the kernel does what it does in runs of 100 000', () => {
  const single = stateAfter({ countsPasses: false, runInstructionsMax: 1 });
  expect(single).toEqual(stateAfter(DEFAULT_TUNING));
});

it('every power of two from 8 MiB to 4 PiB gives the same three times', async () => {
  const run = await s7x(['sweep', '--ram', '8M..4P', '--repeat', '3'], { hostMsMax: 500_000 });
  expect(sweepRecord(run).rows.filter(({ result }) => result !== 'PASS')).toEqual([]);
  expect(run.status).toBe(0);
});
