/**
 * Loops that walk through memory, in translated code that keeps the page it is in: wherever the walk leads, and whatever becomes of the page, the
 * state is the interpreter's, which tests/system holds to the manual.
 * Source: Intel SDM Vol. 3A, "Translation Lookaside Buffers": what software has not invalidated may be used, or not; here each tier does the same.
 */
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

const INSTRUCTIONS_MAX = 100_000;
const CODE = 0x40_0000n;

/** Pages of 4 KiB from AREA on, by a page table in place of the entry for 2 MiB (tests/instructions/guest-machine.ts). */
const AREA = 0x1000_0000n;
const DIRECTORY = 0x3000n;
const PAGE_TABLE = 0x13_0000n;
const FRAMES = 0x80_0000n;
const PAGES = 16;
/** This page of them is not there. */
const HOLE = 12n;
/** It has the same entry of the TLB as AREA. */
const RIVAL = AREA + 0x200_0000n;
const PRESENT_WRITABLE = 3n;
const OSFXSR = 1n << 9n;
const OTHER_FRAME = 0x4000;

function prepare({ machine }: TierMachine): void {
  machine.enter();
  const { processor } = machine;
  processor.setControlRegister('cr4', processor.controlRegister('cr4') | OSFXSR);
  const frame = (page: bigint): bigint => FRAMES + page * 0x1000n;
  machine.setWord(DIRECTORY + (AREA >> 21n) * 8n, PAGE_TABLE | PRESENT_WRITABLE);
  for (let page = 0n; page < PAGES; page++) {
    machine.setWord(PAGE_TABLE + page * 8n, page === HOLE ? 0n : frame(page) | PRESENT_WRITABLE);
    for (let word = 0n; word < 512n; word += 3n)
      machine.setWord(frame(page) + word * 8n, (page << 16n) | (word * 0x1_0001n));
  }
}

/** What each tier ends with; the first is the interpreter. */
function ends(source: string, registers: Parameters<TierMachine['load']>[2]): string[] {
  const { bytes } = assemble('walk.asm', () => `bits 32\norg ${CODE}\n${source}\n`);
  return [[null, INSTRUCTIONS_MAX] as const, ...TRANSLATING].map(([threshold, slice]) => {
    const tier = new TierMachine(threshold);
    prepare(tier);
    tier.load(CODE, bytes, registers);
    const end = tier.finish(slice, INSTRUCTIONS_MAX);
    const wasHot = Number(end.split(' ')[1]) > 100;
    if (threshold !== null && wasHot) expect(tier.translator?.made).toBeGreaterThan(0);
    return end;
  });
}

const WIDE = 'db 0x48\n';
const WALK = `
  next:
    mov eax, [ebx]
    add edx, eax
    mov [ebx + 0x20], edx
    ${WIDE} mov eax, [ebx + 0x40]
    ${WIDE} xor edx, eax
    mov [ebx + 7], dl
    db 0x0f, 0x10, 0x43, 0x50   ; movups xmm0, [rbx + 50h]
    db 0x0f, 0x11, 0x43, 0x60   ; movups [rbx + 60h], xmm0
    ${WIDE} add ebx, esi
    sub ecx, 1
    jnz next
    hlt`;

describe('a walk', () => {
  it.each([
    ['by doublewords', 0n, 4n],
    ['by quadwords', 8n, 8n],
    ['by sixteen bytes', 0n, 16n],
    ['by bytes, over the ends of pages', 0xf00n, 1n],
    ['of words that are not aligned', 3n, 8n],
    ['from page to page', 0x10n, 0x1000n],
    ['from page to page, and further on in it', 0n, 0xff8n],
    ['backwards', 0x5f00n, -8n],
    ['backwards by bytes', 0x2100n, -1n],
    ['into the page that is not there', 0xb800n, 4n],
    ['backwards into it', 0xd100n, -4n],
    ['by a part of a page into addresses that are not canonical', 0x10n, 0x0800_0000_0000_0a00n],
  ])('%s ends as interpreted', (_, offset, step) => {
    const [interpreted, ...translated] = ends(WALK, {
      rbx: AREA + offset,
      rsi: BigInt.asUintN(64, step),
      rcx: 700n,
      rdx: 5n,
    });
    for (const end of translated) expect(end).toBe(interpreted);
  });

  it('over its own code ends as interpreted', () => {
    const [interpreted, ...translated] = ends(WALK, {
      rbx: CODE - 0x400n,
      rsi: 8n,
      rcx: 700n,
      rdx: 5n,
    });
    for (const end of translated)
      expect(end.split(' ').slice(0, 5)).toEqual(interpreted?.split(' ').slice(0, 5));
  });
});

/** Sums a few words of AREA in an inner loop; between its turns the page gets another frame, and then what `between` does. */
const remapped = (between: string): string => `
    db 0xdb, 0xe3               ; fninit
  turn:
    ${WIDE} mov ebx, ebp
    mov ecx, 20
  next:
    mov eax, [ebx]
    add edx, eax
    ${WIDE} add ebx, 8
    sub ecx, 1
    jnz next
    xor dword [edi], ${OTHER_FRAME}
    ${between}
    db 0x41, 0x83, 0xe8, 1      ; sub r8d, 1
    jnz turn
    hlt`;

describe('a page whose entry in the page table changes between two walks', () => {
  it.each([
    ['and is not invalidated', ''],
    ['and is invalidated', 'db 0x0f, 0x01, 0x3b ; invlpg [rbx]'],
    ['and loses its entry in the TLB to a load', 'mov eax, [esi]'],
    [
      'and loses it to a string instruction',
      'db 0x48, 0x89, 0xf0, 0xac, 0x48, 0x89, 0xc6 ; mov rax, rsi; lodsb; mov rsi, rax',
    ],
    ['and loses it to a repeated one', 'mov ecx, 4\n db 0xf3, 0xac\n sub esi, 4'],
    ['and loses it to an x87 instruction', 'db 0xd9, 0x06, 0xdd, 0xd8 ; fld dword [rsi]; fstp st0'],
    [
      'and loses it to a push',
      `${WIDE} mov eax, esp\n ${WIDE} mov esp, esi\n push edx\n ${WIDE} mov esp, eax`,
    ],
  ])('%s is what the interpreter has', (_, between) => {
    const [interpreted, ...translated] = ends(remapped(between), {
      rbp: AREA,
      rdi: PAGE_TABLE,
      rsi: RIVAL + 0x100n,
      r8: 12n,
      rdx: 0n,
    });
    expect(interpreted).toMatch(/^Halt /);
    for (const end of translated) expect(end).toBe(interpreted);
  });
});
