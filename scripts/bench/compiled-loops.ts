/** Compiled code as a workload: the loops of scripts/loops/loops.c, as gcc compiled them (tests/timing/loops.json). */
import { codeOf, readLoops } from '../loops/recorded-loops.js';
import { SECTOR_BYTES, type CompiledLoop } from './compiled-loop.js';
import type { Place } from './guest-run.js';
import { instructionsCounted } from './instruction-check.js';
import type { Workload } from './workloads.js';

/** What the loops print after CHECK_ITERATIONS, by name. QEMU 7.2 and Bochs 2.7 agree on each. */
const CHECKSUMS: Readonly<Record<string, string>> = {
  'bitmap scan': '1025f580',
  'list, 16 KiB': '0c000000',
  'list, 1 MiB': '0c000000',
  memset: '000000bd',
  memcpy: '8dfb9334',
  checksum: '312b65c0',
  hash: '5d0e8491',
  sort: '193a7777',
  'tree lookup': 'c94c5380',
  'binary search': '005eaebf',
  'free list': '0c002f40',
  'bit scan': 'ec7a4d67',
  'string compare': 'fc3e4000',
};

/** The loops as workloads; an iteration is one call, whose instructions s7x counts in ten of them. */
export function compiledLoops(place: Place): Workload[] {
  const recorded = readLoops(place.rootDir);
  const code = codeOf(recorded);
  const sectors = new Uint8Array(Math.ceil(code.byteLength / SECTOR_BYTES) * SECTOR_BYTES);
  sectors.set(code);
  return recorded.loops.map(({ name }, number) => {
    const checksum = CHECKSUMS[name];
    if (checksum === undefined) throw new Error(`no checksum is known of the loop '${name}'`);
    const uncounted = workload(name, checksum, { place: number, sectors, instructions: 1 });
    const instructions = instructionsCounted(place, uncounted);
    return workload(name, checksum, { place: number, sectors, instructions });
  });
}

function workload(name: string, checksum: string, loop: CompiledLoop): Workload {
  return { name: name.replaceAll(/[ ,]+/g, '-'), title: name, kind: 'compiled', checksum, loop };
}
