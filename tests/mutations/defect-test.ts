/** Puts a defect into the kernel and demands that its check sees it. */
import { expect } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { heapCheck } from '../boots/heap-checks.js';
import { INTERRUPTED_CALLS, interruptEverywhere } from '../boots/interrupted-calls.js';
import { ParkedKernel } from '../boots/parked-kernel.js';
import { INTERRUPTS, type Defect } from './defects.js';
import { mutantImage } from './mutant.js';

export function expectSeen({ edits, seenBy }: Defect): void {
  const check =
    seenBy === INTERRUPTS
      ? (kernel: ParkedKernel) =>
          INTERRUPTED_CALLS.forEach((call) => interruptEverywhere(kernel, call))
      : heapCheck(seenBy);
  const image = mutantImage(edits); // a defect that does not compile is none
  expect(() => check(new ParkedKernel(pcMap(parseSize('64M')).map, image))).toThrow();
}
