/**
 * Every inline operation of 8 bits with all pairs of operands and both carries in, each condition read directly behind it: the
 * translated loop finds what the interpreter finds, whose own flags tests/instructions/arithmetic-flags.test.ts compares with the manual.
 */
import { describe, expect, it } from 'vitest';
import { CODE } from '../instructions/guest-machine.js';
import { TierMachine } from './tier-comparison.js';

const RESULTS = 0x10_0000n;
const PAIRS = 0x1_0000;
const BYTES_PER_PAIR = 4;
const INSTRUCTIONS_MAX = 40_000_000;
const CONDITIONS = [
  ...['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'],
];

/** AL op DL. */
const OPERATIONS: readonly string[] = [
  ...['add', 'adc', 'sub', 'sbb', 'and', 'or', 'xor', 'cmp', 'test'].map(
    (name) => `${name} al, dl`,
  ),
  ...['inc al', 'dec al', 'neg al', 'not al'],
  ...['shl', 'shr', 'sar'].flatMap((name) => [
    `${name} al, 1`,
    `${name} al, 3`,
    `xchg ecx, edx\n${name} al, cl\nxchg ecx, edx`,
  ]),
  // EAX has 16 bits that are not 0: four of them go round to its other end, and CF is one of them.
  ...['rol eax, 28', 'ror eax, 4'],
  ...['bt', 'bts', 'btr', 'btc'].map((name) => `${name} eax, 5`),
  ...['imul eax, edx', 'bsf eax, edx', 'bsr eax, edx'],
  ...['neg eax\nmul edx', 'imul edx', 'shld eax, edx, 27', 'shrd eax, edx, 3', 'cmpxchg dl, al'],
  ...['shld', 'shrd'].map((name) => `xchg ecx, edx\n${name} eax, edx, cl\nxchg ecx, edx`),
  ...['rol ax, 12', 'ror al, 3', 'rol eax, 16\nbswap eax\nadd al, dl', 'stc', 'clc', 'cmc'],
  // Behind logic their flags stay pending; and CF from a scan or count goes on through INC.
  ...['test al, dl\nbsf eax, edx', 'test dl, dl\nbsr eax, edx'],
  ...['test edx, edx\nbsf eax, edx\nbtr eax, edx', 'test edx, edx\nbsf eax, edx\nror edx, 1'],
  ...['popcnt eax, edx', 'tzcnt eax, edx', 'lzcnt eax, edx'],
  ...['tzcnt eax, edx\ninc al', 'popcnt eax, edx\nadc al, 0'],
  // SAHF of every image, with OF 0 and 1; LAHF.
  ...['add al, dl\nmov ah, dl\ndb 0x9e', 'sub al, dl\ndb 0x9f\nmov al, ah'],
];

/** CF comes from what is pending in different ways. */
const CARRIES: readonly (readonly [name: string, source: string])[] = [
  ['a bit test', 'bt esi, 0'],
  ['a comparison', 'cmp esi, 1\ncmc'],
  ['an addition', 'mov ebx, esi\nneg ebx\nadd ebx, 1'],
];

/** CF is 1, or 0, whatever was there. */
const CARRY_GIVEN = /^(stc|clc)$/;
/** CF is 0 behind these: AND, OR, XOR and TEST clear it (SDM Vol. 2), and a product of 16 and 8 bits fits into 32. */
const WITHOUT_CARRY = /^(and|or|xor|imul|popcnt) |^test (\S+), dl$|^test \S+, dl\nbs[fr] \S+ edx$/;
const CARRY_CONDITION = CONDITIONS.indexOf('b');

/** The values that CF had behind the operation. */
function carriesOf(results: Buffer): readonly number[] {
  const carries = new Set<number>();
  for (let at = 0; at < results.length; at += BYTES_PER_PAIR)
    carries.add((results.readUInt16LE(at + 2) >> CARRY_CONDITION) & 1);
  return [...carries];
}

function program(operation: string, carry: string): string {
  const reads = CONDITIONS.map(
    (condition, bit) => `
     mov eax, ecx
     mov edx, ecx
     shr edx, 8
     ${carry}
     ${operation}
     set${condition} bl
     movzx ebx, bl
     shl ebx, ${bit}
     or ebp, ebx`,
  );
  return `
   next:
     mov ebp, 0
     ${reads.join('\n')}
     mov [edi], al
     mov [edi + 2], bp
     add edi, ${BYTES_PER_PAIR}
     add ecx, 1
     cmp ecx, ${PAIRS}
     jne next
     hlt`;
}

describe('inline operations of 8 bits', () => {
  const interpreted = new TierMachine(null);
  const results = ({ machine }: TierMachine, source: string, carryIn: bigint): Buffer => {
    machine.load(source);
    machine.processor.rip = CODE;
    machine.setRegisters({ rcx: 0n, rdi: RESULTS, rsi: carryIn });
    machine.runToHalt(INSTRUCTIONS_MAX);
    return Buffer.from(machine.processor.read(RESULTS, BYTES_PER_PAIR * PAIRS));
  };

  it.each(OPERATIONS)('%s', (operation) => {
    const [name, source] = CARRIES[OPERATIONS.indexOf(operation) % CARRIES.length] ?? ['', ''];
    const carries = new Set<number>();
    for (const carryIn of [0n, 1n]) {
      const translated = new TierMachine(2);
      const text = program(operation, source);
      const expected = results(interpreted, text, carryIn);
      const found = results(translated, text, carryIn);
      const at = found.findIndex((byte, index) => byte !== expected[index]);
      const pair = Math.floor(at / BYTES_PER_PAIR);
      const told = `CF = ${carryIn} from ${name}, AL = ${pair & 0xff}, DL = ${pair >> 8}`;
      expect(at, at < 0 ? '' : told).toBe(-1);
      expect(translated.translator?.count).toBeGreaterThan(0);
      expect(new Set(expected).size).toBeGreaterThan(8);
      for (const carry of carriesOf(expected)) carries.add(carry);
    }
    expect(carries.size).toBe(WITHOUT_CARRY.test(operation) || CARRY_GIVEN.test(operation) ? 1 : 2);
  });
});
