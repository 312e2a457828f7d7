/** Compiled code as a workload: the loops of scripts/loops/loops.c, as gcc compiled them (tests/timing/loops.json). */
import { codeOf, readLoops } from '../loops/recorded-loops.js';
import { SECTOR_BYTES, type CompiledLoop } from './compiled-loop.js';
import { runGuest, type Place } from './guest-run.js';
import { retiredInstructions, system7x } from './system7x.js';
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
const FEW_ITERATIONS = 2;
const MORE_ITERATIONS = 12;

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
    const instructions = countInstructions(place, uncounted);
    return workload(name, checksum, { place: number, sectors, instructions });
  });
}

function workload(name: string, checksum: string, loop: CompiledLoop): Workload {
  return { name: name.replaceAll(/[ ,]+/g, '-'), title: name, kind: 'compiled', checksum, loop };
}

function countInstructions(place: Place, workload: Workload): number {
  const s7x = system7x(place.rootDir);
  const retired = [FEW_ITERATIONS, MORE_ITERATIONS].map((iterations) =>
    retiredInstructions(runGuest(place, s7x, workload, iterations).files),
  );
  const [few = NaN, more = NaN] = retired;
  return Math.round((more - few) / (MORE_ITERATIONS - FEW_ITERATIONS));
}
