/**
 * Random programs in 64-bit mode that change the page tables they run by, as assembly language: loads and stores through a window of 4 KiB
 * pages, stores of all kinds to the tables behind it, with an invalidation and without. What is executed lies in that window, too.
 *
 *   two roots, PML4 and OTHER_PML4; the PDE of the window names FIRST_TABLE or SECOND_TABLE, whose entries name frames from 8 MiB on
 *
 * ESI: the window; EDI, EBP: the two tables; ECX counts passes; the others hold anything.
 */
import type { RandomWords } from '../boots/random-words.js';
import { CODE } from '../instructions/guest-machine.js';

const WINDOW = 0x40_0000;
const FIRST_TABLE = 0x4_0000;
const SECOND_TABLE = 0x4_1000;
/** Of GuestMachine. */
const PD = 0x3000;
const PML4 = 0x1000;
const OTHER_PML4 = 0x4_2000;
const OTHER_PDPT = 0x4_3000;
const OTHER_PD = 0x4_4000;
const WINDOW_PDE = 8 * (WINDOW >> 21);
/** Pages of the window: those that are loaded and stored to; one that is prefetched only; those through which code is executed. */
const DATA_PAGES = 8;
const PREFETCHED_PAGE = 24;
const CODE_PAGE = 100;
const CODE_PAGES = 12;
/** The code is there twice. */
const COPY_DISTANCE = 0x20_0000;
const PRESENT_WRITABLE = 3;
const GLOBAL = 0x100;
const FRAME = 0x80_0000;

type Draw = RandomWords;

const offset = (draw: Draw): number =>
  0x1000 * draw.below(DATA_PAGES) + draw.pick([0, 8, 64, 1024, 4088, 64 * draw.below(64)]);
const place = (draw: Draw): string => `[esi + ${offset(draw)}]`;
const entry = (draw: Draw): number => 8 * draw.below(DATA_PAGES);
const table = (draw: Draw): string => draw.pick(['edi', 'edi', 'ebp']);
/** A leaf entry: its frame is one of 512. */
const leaf = (draw: Draw): number =>
  FRAME + 0x1000 * draw.below(512) + PRESENT_WRITABLE + (draw.below(4) === 0 ? GLOBAL : 0);
const byte = (word: number, index: number): number => (word >>> (8 * index)) & 0xff;
const displaced = (opcode: string, displacement: number): string =>
  `db ${opcode}, ${[0, 1, 2, 3].map((index) => byte(displacement, index)).join(', ')}`;

const ACCESSES: readonly ((draw: Draw) => string)[] = [
  (draw) => `mov eax, ${place(draw)}`,
  (draw) => `add eax, ${place(draw)}`,
  (draw) => `mov ${place(draw)}, edx`,
  (draw) => `add ${place(draw)}, edx`,
  (draw) => displaced('0x0f, 0x18, 0x8e', offset(draw)), // prefetcht0 [rsi + …]
  () => displaced('0x0f, 0x18, 0x8e', 0x1000 * PREFETCHED_PAGE),
  () => 'add edx, eax',
  () => 'nop',
];
const TABLE_STORES: readonly ((draw: Draw) => string)[] = [
  (draw) => `mov dword [${table(draw)} + ${entry(draw)}], ${leaf(draw)}`,
  (draw) => `xor dword [${table(draw)} + ${entry(draw)}], 0x10000`,
  (draw) => `mov byte [${table(draw)} + ${entry(draw) + 2}], ${0x80 + draw.below(32)}`,
  // The upper half of one entry and the lower half of the next.
  (draw) => `mov dword [${table(draw)} + ${entry(draw) + 6}], ${0x30000 + (draw.below(16) << 28)}`,
  (draw) => `mov eax, ${leaf(draw)}\ndb 0xf0\nxchg [${table(draw)} + ${entry(draw)}], eax`,
  (draw) => `mov ebx, esp\nlea esp, [edi + ${entry(draw) + 8}]\npush ${leaf(draw)}\nmov esp, ebx`,
  (draw) => `push edi\nadd edi, ${entry(draw)}\nmov eax, ${leaf(draw)}\nstosd\npop edi`,
  () =>
    'push ecx\npush esi\npush edi\nmov esi, ebp\nmov ecx, 16\nrep movsd\npop edi\npop esi\npop ecx',
  (draw) => {
    const at = 16 * draw.below(DATA_PAGES / 2); // movups xmm0, [rbp + …]; movups [rdi + …], xmm0
    return `${displaced('0x0f, 0x10, 0x85', at)}\n${displaced('0x0f, 0x11, 0x87', at)}`;
  },
  () => `xor dword [edi + ${8 * PREFETCHED_PAGE}], 1`,
  (draw) => `xor dword [edi + ${8 * (CODE_PAGE + draw.below(CODE_PAGES))}], ${COPY_DISTANCE}`,
  (draw) => {
    const directory = draw.pick([PD, OTHER_PD]);
    return `mov ebx, ${directory}\nxor dword [ebx + ${WINDOW_PDE}], ${FIRST_TABLE ^ SECOND_TABLE}`;
  },
];
const INVALIDATIONS: readonly ((draw: Draw) => string)[] = [
  (draw) => displaced('0x0f, 0x01, 0xbe', 0x1000 * draw.below(DATA_PAGES)), // invlpg [rsi + …]
  (draw) => displaced('0x0f, 0x01, 0xbe', 0x1000 * draw.below(DATA_PAGES)),
  () => 'db 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8 ; mov rax, cr3; mov cr3, rax',
  () => `db 0x0f, 0x20, 0xd8\nxor eax, ${PML4 ^ OTHER_PML4}\ndb 0x0f, 0x22, 0xd8`,
];

/** Stores the entries of a table, from the one at `at` on: one frame after the other. */
function entries(tableAt: number, first: number, count: number, frame: number): string {
  return Array.from(
    { length: count },
    (_, index) =>
      `mov dword [ebx + ${8 * (first + index)}], ${frame + 0x1000 * index + PRESENT_WRITABLE}`,
  )
    .join('\n')
    .replace(/^/u, `mov ebx, ${tableAt}\n`);
}

function prelude(): string {
  const tables = [FIRST_TABLE, SECOND_TABLE].map((at, number) =>
    [
      entries(at, 0, DATA_PAGES, FRAME + number * 0x10_0000),
      entries(at, PREFETCHED_PAGE, 1, FRAME + 0x5_0000),
      entries(at, CODE_PAGE, CODE_PAGES, Number(CODE)),
    ].join('\n'),
  );
  return `
    cld
    db 0x0f, 0x20, 0xe0
    or eax, 0x680 ; CR4: PGE, OSFXSR, OSXMMEXCPT
    db 0x0f, 0x22, 0xe0
    ${tables.join('\n')}
    mov esi, ${PD}
    mov edi, ${OTHER_PD}
    mov ecx, 1024
    rep movsd
    mov ebx, ${OTHER_PML4}
    mov dword [ebx], ${OTHER_PDPT + PRESENT_WRITABLE}
    mov ebx, ${OTHER_PDPT}
    mov dword [ebx], ${OTHER_PD + PRESENT_WRITABLE}
    mov ebx, ${PD}
    mov dword [ebx + ${WINDOW_PDE}], ${FIRST_TABLE + PRESENT_WRITABLE}
    mov ebx, ${OTHER_PD}
    mov dword [ebx + ${WINDOW_PDE}], ${SECOND_TABLE + PRESENT_WRITABLE}
    mov esi, ${CODE}
    mov edi, ${Number(CODE) + COPY_DISTANCE}
    mov ecx, ${0x400 * CODE_PAGES}
    rep movsd
    db 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8 ; the window's former page is forgotten
    mov esi, ${WINDOW}
    mov edi, ${FIRST_TABLE}
    mov ebp, ${SECOND_TABLE}
    mov eax, in_window + ${WINDOW + 0x1000 * CODE_PAGE - Number(CODE)}
    jmp eax
  in_window:
  `;
}

/** `bodies` loops of up to `passes` passes; control comes to the end. */
export function pagingProgram(draw: Draw, bodies: number, passes: number): string {
  const parts = [prelude()];
  for (let body = 0; body < bodies; body++) {
    parts.push(`mov ecx, ${1 + draw.below(passes)}`, `body${body}:`);
    const length = 4 + draw.below(24);
    for (let line = 0; line < length; line++) {
      const kind = draw.below(16);
      const lines = kind < 9 ? ACCESSES : kind < 14 ? TABLE_STORES : INVALIDATIONS;
      parts.push(draw.pick<(draw: Draw) => string>(lines)(draw));
    }
    parts.push('sub ecx, 1', `jnz body${body}`);
  }
  return parts.join('\n');
}
