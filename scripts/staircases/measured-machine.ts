/** The machine that zen1-measurements.json was measured on: a Zen 1, but in a virtual machine. */
import type { CoreModel } from '../../emulator/timing/core-model.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';

/**
 * That the host's pages were of 4 KiB shows in the chase of 448 KiB, in the guest's pages of 2 MiB: 15.5 cycles are the L2's
 * 12 and the second-level TLB's 8 for what 64 pages of 112 leave.
 */
export const MEASURED_MACHINE: CoreModel = {
  ...ZEN1,
  parameters: {
    ...ZEN1.parameters,
    NestedPaging: { value: 1, source: 'the measurements: in a virtual machine' },
  },
};
