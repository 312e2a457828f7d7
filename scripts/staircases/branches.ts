/**
 * Branches, by what the predictor has to know of them. The programs behind the measured figures are described by their
 * names alone; the shapes here are the plainest that bear them.
 */
import { cyclesOfStep, type Experiment } from './experiment.js';
import { Sequence } from './sequence.js';
import { DATA } from './timed-guest.js';

const PASSES = 4000;
const RANDOM_BYTES = 0x10000;

interface BranchTest {
  readonly name: string;
  readonly source: string;
  /** Branches in a pass. */
  readonly steps: number;
  /** Bytes at DATA, by their number. */
  readonly data?: (random: Sequence) => number;
}

/** Reads the next byte of DATA into EAX. */
const NEXT_BYTE = `
    add edi, 1
    and edi, ${RANDOM_BYTES - 1}
    movzx eax, byte [ebx + edi]`;

const shiftAndBranch = (load: string): string =>
  `${load}\n${Array.from({ length: 8 }, (_, bit) => `shr eax, 1\njc s${bit}\nadd edx, 1\ns${bit}:`).join('\n')}`;

const TESTS: readonly BranchTest[] = [
  { name: 'br taken always', steps: 1, source: `test ebx, ebx\njnz over\nnop\nover:` },
  { name: 'br never taken', steps: 1, source: `test ebx, ebx\njz over\nnop\nover:` },
  {
    name: 'br alternating',
    steps: 1,
    source: `xor eax, 1\ntest eax, 1\njz over\nadd edx, 1\nover:`,
  },
  {
    name: 'br random',
    steps: 1,
    source: `${NEXT_BYTE}\ncmp eax, 128\njb over\nadd edx, 1\nover:`,
    data: (random) => random.below(256),
  },
  {
    name: 'br random p=1/4',
    steps: 1,
    source: `${NEXT_BYTE}\ncmp eax, 64\njb over\nadd edx, 1\nover:`,
    data: (random) => random.below(256),
  },
  { name: 'shr/jc all-0', steps: 8, source: shiftAndBranch('xor eax, eax') },
  { name: 'shr/jc all-1', steps: 8, source: shiftAndBranch('mov eax, -1') },
  {
    name: 'shr/jc random',
    steps: 8,
    source: shiftAndBranch(NEXT_BYTE),
    data: (random) => random.below(256),
  },
];

/** Threaded code: four copies of a dispatch, each of which takes the number of the next one from a sequence and jumps by a table; the last number leads out. */
const COPIES = 4;
const JUMPS = 4096;
const TABLE = DATA + 0x4000;
const DISPATCH = `add edi, 1\nmovzx eax, byte [ebx + edi]\njmp [ecx + eax * 8]\n`;
const THREADED = `
again:
    mov ebx, ${DATA}
    mov ecx, ${TABLE}
    mov edi, -1
${Array.from({ length: COPIES }, (_, copy) => `copy${copy}:\n${DISPATCH}`).join('')}
out_of_table:
    sub ebp, 1
    jnz again`;

function threaded(name: string, copyOf: (jump: number, random: Sequence) => number): Experiment {
  return {
    name,
    quick: true,
    cycles: (bench) =>
      cyclesOfStep(bench, { source: THREADED, pages: '2 MiB' }, 4, JUMPS, (guest) => {
        const random = new Sequence(11);
        const sequence = Uint8Array.from({ length: JUMPS }, (_, jump) =>
          jump === JUMPS - 1 ? COPIES : copyOf(jump, random),
        );
        guest.write(DATA, new BigUint64Array(sequence.buffer));
        const labels = Array.from({ length: COPIES }, (_, copy) => `copy${copy}`);
        const targets = [...labels, 'out_of_table'].map((label) => BigInt(guest.label(label)));
        guest.write(TABLE, BigUint64Array.from(targets));
      }),
  };
}

export function branches(): Experiment[] {
  return [
    ...TESTS.map(conditional),
    threaded('indirect same', () => 0),
    threaded('indirect cyclic4', (jump) => jump % COPIES),
    threaded('indirect random4', (_, random) => random.below(COPIES)),
  ];
}

function conditional({ name, source, steps, data }: BranchTest): Experiment {
  return {
    name,
    quick: true,
    cycles: (bench) => {
      const program = `mov ebx, ${DATA}\npass:\n${source}\nsub ebp, 1\njnz pass`;
      const random = new Sequence(7);
      return cyclesOfStep(bench, { source: program, pages: '2 MiB' }, PASSES, steps, (guest) => {
        if (data === undefined) return;
        const bytes = Uint8Array.from({ length: RANDOM_BYTES }, () => data(random));
        guest.write(DATA, new BigUint64Array(bytes.buffer));
      });
    },
  };
}
