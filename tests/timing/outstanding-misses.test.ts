/**
 * What prefetchers and string instructions have brought is outstanding no longer: a load that misses all caches behind a long
 * stream takes what one takes at any time.
 */
import { expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { DATA, TimedGuest } from '../../scripts/staircases/timed-guest.js';
import { projectRoot } from '../cli/s7x.js';

const MIB = 1024 * 1024;
/** Stored by a loop, or copied to: what does not fit in a cache. */
const BYTES = 32 * MIB;
/** No program here comes near it. */
const COLD = DATA + 512 * MIB;

const READ = `mov esi, ${DATA}\nmov ecx, ${BYTES / 64}\nline:\nmov eax, [esi]\nadd esi, 64\nsub ecx, 1\njnz line`;
const WRITE = READ.replace('mov eax, [esi]', 'mov [esi], eax');
const COPY = `mov esi, ${DATA}\nmov edi, ${DATA + 2 * BYTES}\nmov ecx, ${BYTES / 4}\nrep movsd`;
const FILL = `mov edi, ${DATA}\nmov ecx, ${BYTES / 4}\nrep stosd`;

const MFENCE = 'db 0x0f, 0xae, 0xf0';
const LFENCE = 'db 0x0f, 0xae, 0xe8';
/** One load when all stores are written; EBX: its time-stamp counts. */
const TIMED_LOAD = `
    mov edi, ${COLD}
    ${MFENCE}
    rdtsc
    mov ebx, eax
    mov eax, [edi]
    ${LFENCE}
    rdtsc
    sub eax, ebx
    mov ebx, eax`;

function cyclesOfColdLoad(before: string): number {
  const guest = new TimedGuest(projectRoot, ZEN1, `${before}\n${TIMED_LOAD}`, '2 MiB');
  guest.run();
  return Number(guest.register('rbx'));
}

const alone = cyclesOfColdLoad('');

it('a load from memory between two fences takes its latency, a walk and the fences', () => {
  const latency = ZEN1.parameters.DramLatency.value;
  expect(alone).toBeGreaterThan(latency);
  // Three entries of the walk lie in memory, too, when nothing was cached.
  expect(alone).toBeLessThan(5 * latency);
});

it.each([
  ['a loop of loads', READ],
  ['a loop of stores', WRITE],
  ['REP MOVS', COPY],
  ['REP STOS', FILL],
])('takes no longer behind %s through 32 MiB', (_, before) => {
  expect(cyclesOfColdLoad(before)).toBeLessThanOrEqual(alone + 40);
});
