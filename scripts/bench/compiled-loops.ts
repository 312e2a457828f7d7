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

/** A loop: its place in the recorded table, its title there, and the name that it has as a workload. */
export interface LoopName {
  readonly place: number;
  readonly title: string;
  readonly name: string;
}

export function loopNames({ rootDir }: Place): LoopName[] {
  return readLoops(rootDir).loops.map(({ name: title }, place) => ({
    place,
    title,
    name: title.replaceAll(/[ ,]+/g, '-'),
  }));
}

/** The loops as workloads; an iteration is one call, whose instructions s7x counts in ten of them. */
export function compiledLoops(place: Place, loops: readonly LoopName[]): Workload[] {
  const code = codeOf(readLoops(place.rootDir));
  const sectors = new Uint8Array(Math.ceil(code.byteLength / SECTOR_BYTES) * SECTOR_BYTES);
  sectors.set(code);
  return loops.map((loop) => {
    const uncounted = workload(loop, { place: loop.place, sectors, instructions: 1 });
    const instructions = instructionsCounted(place, uncounted);
    return workload(loop, { place: loop.place, sectors, instructions });
  });
}

/** @throws Error for a loop that has no checksum here */
function workload({ name, title }: LoopName, loop: CompiledLoop): Workload {
  const checksum = CHECKSUMS[title];
  if (checksum === undefined) throw new Error(`no checksum is known of the loop '${title}'`);
  return { name, title, kind: 'compiled', checksum, loop };
}
