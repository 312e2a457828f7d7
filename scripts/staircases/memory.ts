/** Latency of loads: a chain of addresses in a random cyclic order through so many bytes, or one line of each of so many pages. */
import { cyclesOfStep, type Bench, type Experiment } from './experiment.js';
import { cyclic, Sequence } from './sequence.js';
import { DATA, type TimedGuest } from './timed-guest.js';

const LINE = 64;
const PAGE = 4096;
/** Loads in a row; a loop of them is one pass. */
const UNROLLED = 32;
/** Loads measured at the least, and at the most: a larger chain is not walked to its end. */
const LOADS_MIN = 20_000;
const LOADS_MAX = 400_000;

const CHASE = `
    db 0x48
    mov esi, [edi]
pass:
${'    db 0x48\n    mov esi, [esi]\n'.repeat(UNROLLED)}
    sub ebp, 1
    jnz pass
    db 0x48
    mov [edi], esi
`;
/** Where the chain, the sequence goes on in the next run. */
const PLACE = 0x20_0000;

/** Writes addresses so that each cell leads to another, all in one cycle. */
function writeCycle(guest: TimedGuest, cells: number, addressOf: (cell: number) => number): void {
  const order = cyclic(cells, new Sequence(cells));
  order.forEach((next, cell) => {
    const address = guest.physicalOf(addressOf(cell));
    guest.write(address, BigUint64Array.of(BigInt(addressOf(next))));
  });
  guest.write(PLACE, BigUint64Array.of(BigInt(DATA)));
}

function chase(
  bench: Bench,
  pages: '2 MiB' | '4 KiB',
  cells: number,
  addressOf: (cell: number) => number,
): number {
  const loads = Math.min(Math.max(cells, LOADS_MIN), LOADS_MAX);
  const passes = Math.ceil(loads / UNROLLED);
  const source = `mov edi, ${PLACE}\n${CHASE}`;
  return cyclesOfStep(bench, { source, pages }, passes, UNROLLED, (guest) =>
    writeCycle(guest, cells, addressOf),
  );
}

export function chases(): Experiment[] {
  const kibibytes = [
    4, 16, 28, 40, 64, 128, 256, 448, 640, 1024, 2048, 4096, 6144, 8192, 12_288, 16_384, 32_768,
    65_536, 131_072, 256_000,
  ];
  return kibibytes.map((size) => ({
    name: `chase ${size}K`,
    quick: size <= 2048,
    cycles: (bench) => chase(bench, '2 MiB', (size * 1024) / LINE, (cell) => DATA + cell * LINE),
  }));
}

/** One line of each page, the next page's behind it, so that the lines lie in different sets of the first level. */
export function pageChases(): Experiment[] {
  const pages = [16, 32, 48, 64, 80, 128, 256, 512, 1024, 1400, 2048, 4096, 8192, 16_384];
  return pages.map((count) => ({
    name: `chase 4K-page x${count}`,
    quick: count <= 1024,
    cycles: (bench) =>
      chase(bench, '4 KiB', count, (cell) => DATA + cell * PAGE + (cell % (PAGE / LINE)) * LINE),
  }));
}

/** Loads at addresses that no load leads to: a multiplicative sequence, four instructions each. */
export function independentLoads(): Experiment[] {
  const sizes: [string, number][] = [
    ['16K', 14],
    ['256K', 18],
    ['4M', 22],
    ['128M', 27],
  ];
  return sizes.map(([label, shift]) => ({
    name: `indep rnd loads ${label}`,
    quick: shift <= 18,
    cycles: (bench) => {
      const source = `
    mov esi, ${PLACE}
    mov eax, [esi]
    mov ebx, ${DATA}
    mov ecx, 1664525
pass:
${`    imul eax, ecx
    add eax, 1013904223
    mov edx, eax
    shr edx, ${32 - shift}
    and edx, ${-LINE}
    db 0x48
    add edi, [ebx + edx]
`.repeat(8)}
    sub ebp, 1
    jnz pass
    mov [esi], eax`;
      return cyclesOfStep(bench, { source, pages: '2 MiB' }, shift <= 18 ? 20_000 : 60_000, 8);
    },
  }));
}
