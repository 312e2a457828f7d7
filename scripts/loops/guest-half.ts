/** The loops of loops.c in a guest: the same machine code at the same addresses, warmed up by one run as on the processor. */
import { TimedGuest } from '../staircases/timed-guest.js';
import type { Bench } from '../staircases/experiment.js';

/** As in loops.ld and measure.c. */
const CODE = 0x1000_0000;
const DATA = 0x400_0000;
const ENTRY_BYTES = 16;

export interface GuestRun {
  readonly cycles: number;
  /** What the model `unit` counts as cycles. */
  readonly instructions: number;
  /** Hexadecimal. */
  readonly value: string;
}

/** Runs the loop of that place in the table. */
export function runInGuest({ rootDir, model }: Bench, code: Buffer, place: number): GuestRun {
  // CALL EAX is CALL RAX in 64-bit mode.
  const guest = new TimedGuest(rootDir, model, 'call eax', '2 MiB');
  const words = new BigUint64Array(Math.ceil(code.length / 8));
  new Uint8Array(words.buffer).set(code);
  guest.write(CODE, words);
  const entry = place * ENTRY_BYTES;
  const prepare = Number(code.readBigUInt64LE(entry));
  const loop = Number(code.readBigUInt64LE(entry + 8));
  guest.run({ rax: prepare, rdi: DATA });
  guest.run({ rax: loop, rdi: DATA });
  const before = guest.retired;
  const cycles = guest.run({ rax: loop, rdi: DATA });
  const instructions = guest.retired - before;
  return { cycles, instructions, value: guest.register('rax').toString(16) };
}
