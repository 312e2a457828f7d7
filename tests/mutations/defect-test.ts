/** Puts a defect into the kernel and demands that its check sees it. */
import { expect } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { BOOT_CHECKS, type BootCheck } from '../boots/frame-checks.js';
import { heapCheck } from '../boots/heap-checks.js';
import { INTERRUPTED_CALLS, interruptEverywhere } from '../boots/interrupted-calls.js';
import { ParkedKernel } from '../boots/parked-kernel.js';
import { PROMISE_CHECKS } from '../boots/promise-checks.js';
import { ROW_CHECKS } from '../boots/row-checks.js';
import { START_CHECKS } from '../boots/start-checks.js';
import { TABLE_CHECKS } from '../boots/table-checks.js';
import { DOCUMENT_CHECKS } from '../tidy/document-checks.js';
import { INTERRUPTS, type Defect } from './defect.js';
import { editedSources, mutantImage } from './mutant.js';

const OWN_MACHINES = [BOOT_CHECKS, ROW_CHECKS, START_CHECKS, PROMISE_CHECKS, TABLE_CHECKS];

/** By name; those on machines of their own first, else a check of the heap. */
function checkNamed(name: string): BootCheck {
  const own = OWN_MACHINES.map((checks) => checks[name]).find((check) => check !== undefined);
  if (own !== undefined) return own;
  const check =
    name === INTERRUPTS
      ? (kernel: ParkedKernel) =>
          INTERRUPTED_CALLS.forEach((call) => interruptEverywhere(kernel, call))
      : heapCheck(name);
  return (boot) => check(boot(pcMap(parseSize('64M')).map));
}

/** Demands that the defect's check fails on what the edits make of the kernel, or of its documents. */
export function expectSeen({ edits, seenBy }: Defect): void {
  const document = DOCUMENT_CHECKS[seenBy];
  if (document !== undefined) {
    const read = editedSources(edits);
    expect(() => document(read)).toThrow();
    return;
  }
  const check = checkNamed(seenBy);
  const image = mutantImage(edits); // a defect that does not compile is none
  expect(() => check((map, stopAt) => new ParkedKernel(map, image, stopAt))).toThrow();
}
