/**
 * Stores to page tables of every format, and to such as are a fill of many pages: where a run is cut makes no difference to an engine's time
 * (page-table-stores.test.ts has random programs).
 */
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import type { Bits } from '../instructions/guest-machine.js';
import { TimedProgram } from './timed-program.js';

const WINDOW = 0x80_0000;
const DIRECTORY = 0x4_8000;
const TABLE = 0x5_0000;
/** What the window's pages are mapped to, from here on. */
const FRAME = 0x100_0000;
const PASSES = 40;
/** PD of GuestMachine. */
const PD = 0x3000;

const PAGING_ON = 'mov eax, cr0\nor eax, 0x80000000\nmov cr0, eax';

/** In the tables of GuestMachine. */
const LONG = `
  mov ebx, ${PD}
  mov dword [ebx + ${8 * (WINDOW >> 21)}], ${TABLE + 3}
  db 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8 ; mov rax, cr3; mov cr3, rax
`;

interface Format {
  readonly name: string;
  readonly bits: Bits;
  /** Paging is on afterwards: all is identity-mapped but for the window. */
  readonly begin: string;
}

const FORMATS: readonly Format[] = [
  {
    name: '32-bit paging',
    bits: 32,
    begin: `
      mov dword [${DIRECTORY}], 0x83
      mov dword [${DIRECTORY + 4}], 0x400083
      mov dword [${DIRECTORY + 4 * (WINDOW >> 22)}], ${TABLE + 3}
      mov eax, 0x10 ; CR4.PSE
      mov cr4, eax
      mov eax, ${DIRECTORY}
      mov cr3, eax
      ${PAGING_ON}`,
  },
  {
    name: 'PAE paging',
    bits: 32,
    begin: `
      mov dword [${DIRECTORY}], ${DIRECTORY + 0x1001}
      mov ebx, ${DIRECTORY + 0x1000}
      mov dword [ebx], 0x83
      mov dword [ebx + 8], 0x200083
      mov dword [ebx + ${8 * (WINDOW >> 21)}], ${TABLE + 3}
      mov eax, 0x20 ; CR4.PAE
      mov cr4, eax
      mov eax, ${DIRECTORY}
      mov cr3, eax
      ${PAGING_ON}`,
  },
  { name: '4-level paging', bits: 64, begin: LONG },
  {
    name: '5-level paging, in compatibility mode',
    bits: 32,
    begin: `
      mov dword [${DIRECTORY}], ${DIRECTORY + 0x1003}
      mov dword [${DIRECTORY + 0x1000}], ${DIRECTORY + 0x2003}
      mov dword [${DIRECTORY + 0x2000}], ${DIRECTORY + 0x3003}
      mov ebx, ${DIRECTORY + 0x3000}
      mov dword [ebx], 0x83
      mov dword [ebx + 8], 0x200083
      mov dword [ebx + ${8 * (WINDOW >> 21)}], ${TABLE + 3}
      mov eax, 0x1020 ; CR4.LA57, PAE
      mov cr4, eax
      mov eax, ${DIRECTORY}
      mov cr3, eax
      mov ecx, 0xc0000080
      mov eax, 0x100 ; EFER.LME
      mov edx, 0
      wrmsr
      ${PAGING_ON}`,
  },
];

/**
 * The window's page is one frame, whose line is in the cache, when it is loaded from; then another, whose lines are not. Charged to that, each
 * load would miss.
 */
const REMAPPED = `
  mov esi, ${WINDOW}
  mov edi, ${TABLE}
  mov ebp, ${FRAME + 3}
  mov [edi], ebp
  mov ebx, ${FRAME + 0x1003}
  mov ecx, ${PASSES}
next:
  mov eax, [esi]
  mov [edi], ebx
  db 0x0f, 0x01, 0x3e ; invlpg [esi]
  mov [edi], ebp
  db 0x0f, 0x01, 0x3e
  add ebx, 0x1000
  sub ecx, 1
  jnz next
`;

/**
 * The same with as many tables, which are a fill: they have no frame of their own before the walk for the load sets accessed flags. What is
 * stored is read before.
 */
const FILLED = `
  mov edi, ${TABLE}
  mov eax, ${FRAME + 3}
  mov ecx, ${512 * PASSES}
  db 0xf3, 0x48, 0xab ; rep stosq
  mov edi, ${PD + 8 * (WINDOW >> 21)}
  mov eax, ${TABLE + 3}
  mov ecx, ${PASSES}
entry:
  mov [edi], eax
  add eax, 0x1000
  add edi, 8
  sub ecx, 1
  jnz entry
  db 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8 ; mov rax, cr3; mov cr3, rax
  mov esi, ${WINDOW}
  mov edi, ${TABLE}
  mov ebx, ${FRAME + 0x1003}
  mov ecx, ${PASSES}
next:
  mov eax, [esi]
  mov edx, [edi]
  mov [edi], ebx
  add ebx, 0x1000
  add esi, 0x200000
  add edi, 0x1000
  sub ecx, 1
  jnz next
`;

/**
 * The window is a global page, which MOV to CR3 leaves in the TLB; then its directory names a table that has been none before. What is loaded from
 * the window after that is charged to what this table says, and not to what is stored there next.
 */
const ANOTHER_TABLE = `
  db 0x0f, 0x20, 0xe0
  or eax, 0x80 ; CR4.PGE
  db 0x0f, 0x22, 0xe0
  mov ebp, ${TABLE}
  mov dword [ebp], ${FRAME + 0x103}
  mov ecx, ${PASSES}
entry:
  add ebp, 0x1000
  mov dword [ebp], ${FRAME + 3}
  sub ecx, 1
  jnz entry
  mov esi, ${WINDOW}
  mov edi, ${PD + 8 * (WINDOW >> 21)}
  mov ebp, ${TABLE + 3}
  mov ebx, ${FRAME + 0x1003}
  mov ecx, ${PASSES}
next:
  mov dword [edi], ${TABLE + 3}
  db 0x0f, 0x01, 0x3e ; invlpg [esi]
  mov eax, [esi]
  add ebp, 0x1000
  db 0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8 ; mov rax, cr3; mov cr3, rax
  mov dword [ebp - 3], ${FRAME + 3}
  mov [edi], ebp
  mov eax, [esi]
  mov [ebp - 3], ebx
  add ebx, 0x1000
  sub ecx, 1
  jnz next
`;

function figures(model: typeof ZEN1, bits: Bits, source: string, piece: number): object {
  const program = new TimedProgram(model, `cld\n${source}`, true, bits);
  for (;;) {
    const reason = program.run(piece, 0);
    if (reason === ExitReason.Halt) {
      expect(program.vector).toBeNull();
      return program.figures();
    }
    expect([ExitReason.Budget, ExitReason.Pause]).toContain(reason);
  }
}

function expectCutAnywhere(model: typeof ZEN1, bits: Bits, source: string): void {
  const whole = figures(model, bits, source, 1_000_000);
  for (const piece of [1, 2, 3, 7]) expect(figures(model, bits, source, piece)).toEqual(whole);
}

describe.each([ZEN1, SKYLAKE])('with $name', (model) => {
  it.each(FORMATS)('a program that stores to its tables is cut anywhere: $name', (format) => {
    expectCutAnywhere(model, format.bits, `${format.begin}\n${REMAPPED}`);
  });

  it.each([
    ['one whose tables are a fill', FILLED],
    ['what becomes a table while older translations are in use', `${LONG}\n${ANOTHER_TABLE}`],
  ])('so is %s', (_name, source) => {
    expectCutAnywhere(model, 64, source);
  });
});
