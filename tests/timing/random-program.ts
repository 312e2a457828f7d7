/**
 * Random programs in 64-bit mode, as assembly language: loops of instructions that take all the ways through a timing engine. RSI, RDI and
 * R15's place (EBP) are addresses, ECX counts passes; the others hold anything.
 */
import { DATA } from '../instructions/guest-machine.js';
import type { RandomWords } from '../boots/random-words.js';

export interface ProgramShape {
  /** Loops, one behind the other. */
  readonly bodies: number;
  readonly passes: number;
}

const REGISTERS = ['eax', 'ebx', 'edx', 'ebp'];
const BYTES = ['al', 'bl', 'dl'];
const MFENCE = 'db 0x0f, 0xae, 0xf0';
const LFENCE = 'db 0x0f, 0xae, 0xe8';
const SFENCE = 'db 0x0f, 0xae, 0xf8';

type Draw = RandomWords;
type Line = (draw: Draw, label: string) => string;

const register = (draw: Draw): string => draw.pick(REGISTERS);
/** Near places, so that stores meet loads; now and then across a line, or a page. */
const place = (draw: Draw): string => {
  const base = draw.pick(['esi', 'esi', 'edi']);
  const offset = draw.pick([0, 4, 8, 12, 60, 62, 64, 128, 4092, 4094]);
  return `[${base} + ${offset}]`;
};

const PLAIN: readonly Line[] = [
  (draw) =>
    `${draw.pick(['add', 'sub', 'xor', 'and', 'cmp'])} ${register(draw)}, ${register(draw)}`,
  (draw) => `add ${register(draw)}, ${draw.below(1000)}`,
  (draw) => `mov ${register(draw)}, ${register(draw)}`,
  (draw) => `lea ${register(draw)}, [${register(draw)} + ${register(draw)} * 4 + 16]`,
  (draw) => `imul ${register(draw)}, ${register(draw)}`,
  (draw) => `shl ${register(draw)}, ${1 + draw.below(7)}`,
  (draw) => `adc ${register(draw)}, ${register(draw)}`,
  (draw) => `xor eax, eax\nadd eax, ${register(draw)}`,
  () => 'nop',
  (draw) => `xchg ${register(draw)}, ${register(draw)}`,
];
const MEMORY: readonly Line[] = [
  (draw) => `mov ${register(draw)}, ${place(draw)}`,
  (draw) => `mov ${place(draw)}, ${register(draw)}`,
  (draw) => `mov ${draw.pick(BYTES)}, ${place(draw)}`,
  (draw) => `mov ${place(draw)}, ${draw.pick(BYTES)}`,
  (draw) => `add ${place(draw)}, ${register(draw)}`,
  (draw) => `add ${register(draw)}, ${place(draw)}`,
  (draw) => `push ${draw.pick(['rax', 'rbx']).replace('r', 'e')}\npop ${draw.pick(['edx', 'ebp'])}`,
  (draw) => `add edi, ${draw.pick([8, 64, 4096])}\nand edi, 0x1fffff\nor edi, 0x200000`,
  () => 'db 0x0f, 0x18, 0x4e, 0x40 ; prefetcht0 [rsi + 64]',
];
const BRANCHES: readonly Line[] = [
  (draw, label) =>
    `test ${register(draw)}, ${1 << draw.below(6)}\njz ${label}\nadd ebx, 1\n${label}:`,
  (draw, label) =>
    `cmp ${register(draw)}, ${register(draw)}\njb ${label}\nnop\nadd edx, 3\n${label}:`,
  (_draw, label) => `call ${label}\njmp ${label}_over\n${label}: add eax, ebx\nret\n${label}_over:`,
  (_draw, label) => `jmp ${label}\nnop\n${label}:`,
];
const SELDOM: readonly Line[] = [
  () => 'mov eax, ebx\nxor edx, edx\nmov ebp, ecx\nor ebp, 1\ndiv ebp',
  () => 'db 0xf0\nadd [esi], ebx ; lock',
  () => MFENCE,
  () => LFENCE,
  () => SFENCE,
  () => 'push ecx\npush edi\npush esi\nmov ecx, 24\ncld\nrep movsd\npop esi\npop edi\npop ecx',
  () => 'push edi\nstosd\npop edi',
  () => 'in al, 0x80',
  () => 'db 0x0f, 0xc3, 0x1e ; movnti [rsi], ebx',
  () => 'push ecx\npush ebx\nxor eax, eax\ncpuid\npop ebx\npop ecx',
  () => 'rdtsc',
];

export function randomProgram(draw: Draw, { bodies, passes }: ProgramShape): string {
  const parts = [`mov esi, ${DATA}`, 'mov edi, 0x200000'];
  let labels = 0;
  for (let body = 0; body < bodies; body++) {
    parts.push(`mov ecx, ${1 + draw.below(2 * passes)}`, `body${body}:`);
    const length = 1 + draw.below(24);
    for (let line = 0; line < length; line++) {
      const kind = draw.below(16);
      const lines = kind < 7 ? PLAIN : kind < 12 ? MEMORY : kind < 15 ? BRANCHES : SELDOM;
      parts.push(draw.pick(lines)(draw, `label${labels++}`));
    }
    parts.push('sub ecx, 1', `jnz body${body}`);
  }
  return parts.join('\n');
}
