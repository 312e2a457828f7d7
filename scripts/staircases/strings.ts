/** Repeated string instructions by length, and loops of plain stores and loads. */
import { cyclesOfStep, type Experiment } from './experiment.js';
import { DATA } from './timed-guest.js';

const REP = 0xf3;
const REX_W = 0x48;
/** Where MOVS writes: on other pages, in other sets than the source. */
const DESTINATION = DATA + 0x80_0000 + 0x4000;
const QUICK_BYTES = 65_536;

interface StringInstruction {
  readonly name: string;
  readonly opcode: string;
  readonly bytes: number;
  readonly counts: readonly number[];
}

const INSTRUCTIONS: readonly StringInstruction[] = [
  {
    name: 'rep stosq',
    opcode: `db ${REP}, ${REX_W}\nstosd`,
    bytes: 8,
    counts: [
      0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3072, 8192, 32_768, 131_072, 524_288,
    ],
  },
  {
    name: 'rep movsq',
    opcode: `db ${REP}, ${REX_W}\nmovsd`,
    bytes: 8,
    counts: [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3072, 8192, 32_768, 131_072],
  },
  {
    name: 'rep stosb',
    opcode: `db ${REP}\nstosb`,
    bytes: 1,
    counts: [0, 1, 7, 8, 15, 16, 31, 64, 100, 256, 1000, 4096, 16_384, 65_536],
  },
  {
    name: 'rep movsb',
    opcode: `db ${REP}\nmovsb`,
    bytes: 1,
    counts: [0, 1, 7, 8, 15, 16, 31, 64, 100, 256, 1000, 4096, 16_384, 65_536],
  },
];

export function repeatedStrings(): Experiment[] {
  return INSTRUCTIONS.flatMap(({ name, opcode, bytes, counts }) =>
    counts.map((count) => ({
      name: `${name} n=${count}`,
      quick: count * bytes <= QUICK_BYTES,
      cycles: (bench) => {
        const source = `
pass:
    mov esi, ${DATA}
    mov edi, ${DESTINATION}
    mov ecx, ${count}
    ${opcode}
    sub ebp, 1
    jnz pass`;
        const passes = Math.max(4, Math.min(400, Math.ceil(1_000_000 / (count * bytes + 1))));
        return cyclesOfStep(bench, { source, pages: '2 MiB' }, passes, 1);
      },
    })),
  );
}

/** Eight bytes after the other, eight a pass. */
export function plainLoops(): Experiment[] {
  const kinds = [
    { name: 'loop store 8B', access: (at: number) => `db ${REX_W}\nmov [esi + ${at}], eax` },
    { name: 'loop load 8B', access: (at: number) => `db ${REX_W}\nmov eax, [esi + ${at}]` },
  ];
  return kinds.flatMap(({ name, access }) =>
    [4, 16, 64, 256, 1024, 4096].map((size) => ({
      name: `${name} ${size}KB`,
      quick: size <= 64,
      cycles: (bench) => {
        const lines = (size * 1024) / 64;
        const source = `
again:
    mov esi, ${DATA}
    mov ecx, ${lines}
pass:
${[0, 8, 16, 24, 32, 40, 48, 56].map(access).join('\n')}
    add esi, 64
    sub ecx, 1
    jnz pass
    sub ebp, 1
    jnz again`;
        const passes = Math.max(1, Math.ceil(2048 / lines));
        return cyclesOfStep(bench, { source, pages: '2 MiB' }, passes, lines * 8);
      },
    })),
  );
}
