import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assemble } from './assemble.js';

const CORPUS = new URL('../testdata/encodings.txt', import.meta.url);

function bytesOf(source: string): string {
  const { bytes } = assemble('test.asm', () => source);
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** Prefixes 66 and 67 may stand in either order. */
function normalized(bytes: string): string {
  return bytes.replace(/^6766/, '6667');
}

describe('instructions encode as GNU as encodes them', () => {
  const cases = readFileSync(CORPUS, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' | '));
  it('has a corpus of more than 200 cases', () => expect(cases.length).toBeGreaterThan(200));
  it.each(cases)('bits %s: %s is %s', (bits, source, bytes) => {
    expect(normalized(bytesOf(`bits ${bits}\n${source}`))).toBe(normalized(bytes ?? ''));
  });
});

describe('encodings read off the manual', () => {
  // [SDM Vol. 2A and 2B, the opcode tables of JMP, CALL, Jcc, LOOP, JCXZ, RET, MOVS, LGDT, CMPXCHG]
  it.each([
    ['16', 'jmp 0xF000:0x1234', 'EA341200F0', 'JMP ptr16:16'],
    ['16', 'jmp dword 8:0x12345678', '66EA785634120800', 'JMP ptr16:32 from 16-bit code'],
    ['32', 'jmp 8:0x12345678', 'EA785634120800', 'JMP ptr16:32'],
    ['32', 'jmp word 8:0x1234', '66EA34120800', 'JMP ptr16:16 from 32-bit code'],
    ['16', 'call 0xF000:0x1234', '9A341200F0', 'CALL ptr16:16'],
    ['16', 'jmp far [bx]', 'FF2F', 'JMP m16:16'],
    ['16', 'jmp far dword [bx]', '66FF2F', 'JMP m16:32'],
    ['32', 'call far [ebx]', 'FF1B', 'CALL m16:32'],
    ['16', 'jmp $', 'EBFE', 'JMP rel8'],
    ['16', 'jmp near $', 'E9FDFF', 'JMP rel16'],
    ['32', 'jmp near $', 'E9FBFFFFFF', 'JMP rel32'],
    ['16', 'call $', 'E8FDFF', 'CALL rel16'],
    ['16', 'jz $+2', '7400', 'JE rel8'],
    ['16', 'jnc near $', '0F83FCFF', 'JAE rel16'],
    ['16', 'loop $', 'E2FE', 'LOOP rel8'],
    ['16', 'a32 loop $', '67E2FD', 'LOOP rel8 on ECX'],
    ['16', 'jcxz $', 'E3FE', 'JCXZ rel8'],
    ['16', 'jecxz $', '67E3FD', 'JECXZ rel8 from 16-bit code'],
    ['32', 'jecxz $', 'E3FE', 'JECXZ rel8'],
    ['16', 'o32 ret', '66C3', 'near return with a 32-bit offset'],
    ['16', 'o32 lgdt [0x10]', '660F01161000', 'LGDT with a 32-bit base'],
    ['16', 'a32 rep movsd', 'F36667A5', 'MOVSD on ESI and EDI'],
    ['16', 'rep es movsb', 'F326A4', 'MOVSB from ES:SI'],
    ['16', 'lock inc word [bx]', 'F0FF07', 'LOCK INC m16'],
    ['32', 'lock cmpxchg [ebx], ecx', 'F00FB10B', 'LOCK CMPXCHG r/m32, r32'],
    ['16', 'cmpxchg [bx], cl', '0FB00F', 'CMPXCHG r/m8, r8'],
    ['16', 'push byte 5', '6A05', 'PUSH imm8'],
    ['16', 'push dword 5', '666A05', 'PUSH imm8 as a dword'],
    ['16', 'mov ax, [fs:bx]', '648B07', 'a segment override inside the brackets'],
    ['16', 'mov ax, [si+bx]', '8B00', 'base and index in either order'],
    ['32', 'mov eax, [eax+esp]', '8B0404', 'ESP can only be the base'],
  ])('bits %s: %s is %s (%s)', (bits, source, bytes) => {
    const order = (text: string): string =>
      text.replace(/(F3|26|66|67)+/, (run) => (run.match(/../g) ?? []).sort().join(''));
    expect(order(bytesOf(`bits ${bits}\n${source}`))).toBe(order(bytes));
  });
});

describe('operands that fit no form are refused with one sentence', () => {
  it.each([
    ['mvo ax, bx', "'mvo' is not an instruction."],
    ['mov ax, bl', "'mov' has no form with ax, bl."],
    ['mov al, 0x100', "the value 0x100 is too large for this 'mov'."],
    ['add bx, 0x12345', "the value 0x12345 is too large for this 'add'."],
    [
      'mov [bx], 5',
      'the size of the memory operand is not known: write byte, word or dword before it.',
    ],
    [
      'inc [bx]',
      'the size of the memory operand is not known: write byte, word or dword before it.',
    ],
    ['mov ax, [0x10000]', 'the address 0x10000 does not fit in 16 bits.'],
    ['jmp 0x10000:0', 'the selector 0x10000 does not fit in 16 bits.'],
    ['mov ax, [bx+eax]', 'the address mixes bx and eax, registers of different sizes.'],
    ['mov ax, [bx-si]', 'the register si cannot be subtracted in an address.'],
    ['mov ax, [eax+ebx+ecx]', 'an address has at most one base and one index register.'],
    ['mov ax, [eax*3]', 'an address has at most one index register, times 1, 2, 4 or 8.'],
    ['mov ax, [al]', 'the register al cannot be part of an address.'],
    ['o32 mov al, 5', "'mov' has no 32-bit form here."],
    ['loop $+200', "the target is 198 bytes away and a short 'loop' reaches -128 to 127."],
    ['jmp short $-200', "the target is -202 bytes away and a short 'jmp' reaches -128 to 127."],
    ['hlt ax', "'hlt' has no form with ax."],
    ['mov ax', "'mov' has no form with ax."],
  ])('%s', (source, sentence) => {
    expect(() => bytesOf(`; a comment\n${source}\n`)).toThrow(`test.asm:2: ${sentence}`);
  });

  it('16-bit registers cannot be combined freely in an address', () => {
    expect(() => bytesOf('mov ax, [si+di]')).toThrow(
      /^test\.asm:1: 'mov' cannot be encoded with these operands: /,
    );
  });
});
