/** Guests with the zen1 model, and cycles of a few instructions between fences, as the guest's own RDTSC tell them. */
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { DATA, TimedGuest } from '../../scripts/staircases/timed-guest.js';
import { projectRoot } from '../cli/s7x.js';

export const MFENCE = 'db 0x0f, 0xae, 0xf0';
export const LFENCE = 'db 0x0f, 0xae, 0xe8';

/** A guest that has not run yet. */
export function guestOf(source: string): TimedGuest {
  return new TimedGuest(projectRoot, ZEN1, source, '2 MiB');
}

/** One that has. */
export function run(source: string): TimedGuest {
  const guest = guestOf(source);
  guest.run();
  return guest;
}

/** Cycles of `timed`, when everything `before` is done; RDI is an address that nothing else comes near. */
export function cyclesOf(before: string, timed: string): number {
  const guest = run(`
    mov edi, ${DATA}
    ${before}
    ${MFENCE}
    ${LFENCE}
    rdtsc
    mov ebx, eax
    ${timed}
    ${LFENCE}
    rdtsc
    sub eax, ebx
    mov ebx, eax`);
  return Number(guest.register('rbx'));
}
