import { describe, expect, it } from 'vitest';
import { assemble } from './assemble.js';
import { AssemblyError } from './assembly-error.js';

function hexOf(source: string, files: Readonly<Record<string, string>> = {}): string {
  const { bytes } = assemble('a/test.asm', (path) =>
    path === 'a/test.asm' ? source : (files[path] ?? null),
  );
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

describe('data', () => {
  it.each([
    ['db 1, 0x7F, -1, 0b101', '017FFF05'],
    ["db 'ab', \"it's\", 0", '61626974277300'],
    ['dw 0x1234, -2', '3412FEFF'],
    ["dw 'abc'", '61626300'],
    ['dd 0x12345678', '78563412'],
    ["dd 'SMAP'", '534D4150'],
    ['dq 0x00CF9B000000FFFF', 'FFFF0000009BCF00'],
    ['dq -1', 'FFFFFFFFFFFFFFFF'],
    ["db 'A' + 1, ('z' - 'a') * 2", '4232'],
    ['db 1_000 / 10', '64'],
    ['times 3 db 7, 8', '070807080708'],
    ['times 2 nop', '9090'],
    ['times 0 db 1', ''],
    ['db 1\nalign 4\ndb 2', '0100000002'],
    ['db 1\nalign 4, 0x90\ndb 2', '0190909002'],
    ['align 4\ndb 2', '02'],
    ['db 1 ; a comment, with "quotes"', '01'],
    ['', ''],
  ])('%s', (source, bytes) => expect(hexOf(source)).toBe(bytes));
});

describe('expressions follow the usual precedence', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['1 | 2 ^ 3 & 4 << 1', 1 | (2 ^ (3 & (4 << 1)))],
    ['10 - 3 - 2', 5],
    ['17 % 5 / 2', 1],
    ['~0 & 0xFF', 255],
    ['-(2 - 5)', 3],
    ['0x80 >> 3', 16],
  ])('%s = %i', (expression, value) => {
    expect(hexOf(`db ${expression}`)).toBe(value.toString(16).padStart(2, '0').toUpperCase());
  });
});

describe('labels and layout', () => {
  it('addresses count from org, and $$ is the origin', () => {
    expect(hexOf('org 0x7C00\nstart: dw start, $, $$, end - start\nend:')).toBe('007C007C007C0800');
  });

  it('each place that $ is used in one line of data is the address of that line', () => {
    expect(hexOf('db 0\ndw $, $')).toBe('0001000100');
  });

  it('$ moves along in a repeated line', () => {
    expect(hexOf('times 3 db $')).toBe('000102');
  });

  it('the boot sector idiom pads to 510 bytes', () => {
    const { bytes } = assemble(
      'b.asm',
      () => 'org 0x7C00\njmp $\ntimes 510-($-$$) db 0\ndw 0xAA55',
    );
    expect(bytes.length).toBe(512);
    expect([...bytes.slice(0, 3), ...bytes.slice(509)]).toEqual([0xeb, 0xfe, 0, 0, 0x55, 0xaa]);
  });

  it('a local label belongs to the label above it and can be named in full elsewhere', () => {
    expect(hexOf('a: db 0\n.x: db .x\nb: db 0\n.x: db .x, a.x')).toBe('0001000301');
  });

  it('a constant may be defined after its use', () => {
    expect(hexOf('mov al, LATE\nLATE equ 5 + 1')).toBe('B006');
  });

  it('a constant does not open a new scope for local labels', () => {
    expect(hexOf('a: db 0\nK equ 3\n.x: db .x, K')).toBe('000103');
  });

  it('a label before a directive needs no colon', () => {
    expect(hexOf('here db here, 9')).toBe('0009');
  });

  it('a number made of labels keeps its full width, so that sizes settle', () => {
    expect(hexOf('a: add bx, b - a\nb:')).toBe('81C30400');
  });

  it('bits 32 changes the size of what follows', () => {
    expect(hexOf('mov eax, 1\nbits 32\nmov eax, 1\nbits 16\nmov eax, 1')).toBe(
      '66B801000000B80100000066B801000000',
    );
  });

  it('include puts a file in place, relative to the including file', () => {
    const files = { 'a/sub/x.asm': 'db 2\n%include "y.asm"\n', 'a/sub/y.asm': 'db 3\n' };
    expect(hexOf('db 1\n%include "sub/x.asm"\ndb 4', files)).toBe('01020304');
  });

  it('gives the same bytes each time', () => {
    const source = 'x: jmp y\ntimes 200 nop\ny: jz x\n';
    expect(hexOf(source)).toBe(hexOf(source));
  });
});

describe('a jump takes the short form where it reaches and the near form where it does not', () => {
  it.each([
    ['forward, 127 bytes', 'jmp end\ntimes 127 nop\nend:', 'EB7F', 129],
    ['forward, 128 bytes', 'jmp end\ntimes 128 nop\nend:', 'E98000', 131],
    ['backward, 128 bytes', 'a: times 126 nop\njmp a', null, 128],
    ['backward, 129 bytes', 'a: times 127 nop\njmp a', null, 130],
    ['conditional, far', 'jz end\ntimes 128 nop\nend:', '0F848000', 132],
    ['near on request', 'jmp near end\nend:', 'E90000', 3],
    // Lengthening the second jump pushes the first one's target out of reach.
    [
      'one that grows makes another grow',
      'jmp a\ntimes 125 nop\njmp b\na: times 128 nop\nb:',
      'E98000',
      259,
    ],
  ])('%s', (_title, source, start, sizeBytes) => {
    const bytes = hexOf(source);
    expect(bytes.length / 2).toBe(sizeBytes);
    if (start !== null) expect(bytes.slice(0, start.length)).toBe(start);
  });
});

describe('mistakes are named with file and line', () => {
  it.each([
    ['dw missing', "a/test.asm:1: 'missing' is not defined."],
    ['x:\n\nx:', "a/test.asm:3: 'x' is already defined at a/test.asm:1."],
    ['x equ 1\nx: nop', "a/test.asm:2: 'x' is already defined at a/test.asm:1."],
    ['ax: nop', "a/test.asm:1: 'ax' is a register and cannot be a label."],
    ['.x: nop', "a/test.asm:1: the local label '.x' has no label above it."],
    ['db 256', 'a/test.asm:1: the value 256 does not fit in a byte.'],
    ['dw -32769', 'a/test.asm:1: the value -32769 does not fit in 2 bytes.'],
    ['db 1 / 0', 'a/test.asm:1: division by zero.'],
    ['db 1 << 64', 'a/test.asm:1: a shift by 64 is outside 0 to 63.'],
    ['db 0x', "a/test.asm:1: '0x' is not a number (write 0x1F, 0b101 or 31)."],
    ['db 12h', "a/test.asm:1: '12h' is not a number (write 0x1F, 0b101 or 31)."],
    ['db "é"', 'a/test.asm:1: the string holds "é", which is not ASCII.'],
    ['db "open', 'a/test.asm:1: the character "\\"" has no meaning here.'],
    [
      "dd 'too long!' + 0",
      'a/test.asm:1: a string used as a number has 1 to 8 characters, this one has 9.',
    ],
    ['db 1 2', "a/test.asm:1: '2' is left over at the end of the line."],
    ['db (1', "a/test.asm:1: the line ends where ')' should stand."],
    ['db', 'a/test.asm:1: the line ends where a value should stand.'],
    ['mov ax, [bx', "a/test.asm:1: the line ends where ']' should stand."],
    ['db ax', 'a/test.asm:1: the register ax stands where a number should.'],
    ['align 0', 'a/test.asm:1: the boundary is 0 and must be 1 to 65536.'],
    ['bits 64', "a/test.asm:1: 'bits 64' is neither bits 16 nor bits 32."],
    ['nop\norg 5', "a/test.asm:2: 'org' stands once, before the first byte."],
    ['org 5\norg 5', "a/test.asm:2: 'org' stands once, before the first byte."],
    ['times -1 db 0', "a/test.asm:1: the count of 'times' is -1 and must be 0 to 1048576."],
    [
      'times n db 0\nn equ 2',
      "a/test.asm:1: the count of 'times' uses 'n', which is not defined above this line.",
    ],
    ['times 2 align 4', "a/test.asm:1: 'times' repeats data or an instruction, nothing else."],
    ['times 2', "a/test.asm:1: 'times' needs something to repeat."],
    ['equ 5', "a/test.asm:1: 'equ' needs a name before it."],
    ['%define x 1', 'a/test.asm:1: the only line that starts with % is %include "file".'],
    ['nop\n%include "none.asm"', "a/test.asm:2: the file 'a/none.asm' cannot be read."],
    ['%include "test.asm"', "a/test.asm:1: 'a/test.asm' includes itself."],
    ['5 nop', "a/test.asm:1: '5' stands where an instruction should."],
  ])('%s', (source, sentence) => {
    expect(() => hexOf(source)).toThrow(new RegExp(`^${escaped(sentence)}$`));
  });

  it('in an included file the included file is named', () => {
    expect(() => hexOf('%include "x.asm"', { 'a/x.asm': 'nop\nbad' })).toThrow(
      "a/x.asm:2: 'bad' is not an instruction.",
    );
  });

  it('is an AssemblyError that carries the position', () => {
    const error = hexOfOrError('nop\nbad');
    expect(error).toBeInstanceOf(AssemblyError);
    expect(error).toMatchObject({ position: { file: 'a/test.asm', line: 2 } });
  });
});

function hexOfOrError(source: string): unknown {
  try {
    return hexOf(source);
  } catch (error) {
    return error;
  }
}

function escaped(sentence: string): string {
  return sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
