/** Which code is told before it is executed: encodings of the SDM (XCHG r16, r16; 0F 04, which is undefined). */
import { describe, expect, it } from 'vitest';
import { mayBeMagic } from './magic.js';

describe('code that is a mark', () => {
  it.each([
    ['bochs', 'XCHG BX, BX of 32 or 64 bits', [0x66, 0x87, 0xdb], false, true],
    ['bochs', 'XCHG EBX, EBX', [0x87, 0xdb, 0x90], false, false],
    ['bochs', 'XCHG BX, BX of 16 bits', [0x87, 0xdb], true, true],
    ['bochs', 'XCHG EBX, EBX of 16 bits', [0x66, 0x87, 0xdb], true, false],
    ['bochs', 'XCHG CX, BX', [0x66, 0x87, 0xd9], false, false],
    ['bochs', 'cut', [0x66, 0x87], false, false],
    ['gem5', 'M5', [0x0f, 0x04, 0x5a, 0], false, true],
    ['gem5', 'M5, cut at the end of a page', [0x0f, 0x04], true, true],
    ['gem5', 'SYSCALL', [0x0f, 0x05], false, false],
    ['gem5', 'XCHG BX, BX', [0x66, 0x87, 0xdb], false, false],
  ] as const)('%s: %s', (set, _what, code, is16, expected) => {
    expect(mayBeMagic(set, Uint8Array.from(code), is16)).toBe(expected);
  });
});
