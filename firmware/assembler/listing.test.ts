import { describe, expect, it } from 'vitest';
import { assemble } from './assemble.js';
import { formatListing } from './listing.js';

const MAIN = `; A comment
COUNT equ 3
org 0x7C00
start:  mov ax, COUNT      ; three
%include "data.asm"
    times 70 db 0xAA
`;
const DATA = `text: db "hello, world", 10
`;

describe('a listing', () => {
  const program = assemble('main.asm', (path) => (path === 'main.asm' ? MAIN : DATA));
  const listing = formatListing(program);

  // Addresses and bytes worked out by hand: MOV AX, imm16 is B8 iw; the text is ASCII.
  it('has each source line once, with its number, address and bytes, under its file', () => {
    expect(listing).toBe(
      [
        '; main.asm',
        '    1                              ; A comment',
        '    2                              COUNT equ 3',
        '    3                              org 0x7C00',
        '    4  00007C00  B80300            start:  mov ax, COUNT      ; three',
        '    5                              %include "data.asm"',
        '',
        '; data.asm',
        '    1  00007C03  68656C6C6F2C2077  text: db "hello, world", 10',
        '       00007C0B  6F726C640A',
        '',
        '; main.asm',
        '    6  00007C10  AAAAAAAAAAAAAAAA      times 70 db 0xAA',
        '       00007C18  AAAAAAAAAAAAAAAA',
        '       00007C20  AAAAAAAAAAAAAAAA',
        '       00007C28  AAAAAAAAAAAAAAAA',
        '       00007C30  AAAAAAAAAAAAAAAA',
        '       00007C38  AAAAAAAAAAAAAAAA',
        '       00007C40  AAAAAAAAAAAAAAAA',
        '       00007C48  AAAAAAAAAAAAAAAA',
        '       00007C50  … 6 bytes more',
        '',
        '; symbols',
        '00000003  COUNT',
        '00007C00  start',
        '00007C03  text',
        '',
      ].join('\n'),
    );
  });
});
