import { describe, expect, it } from 'vitest';
import { describeTarget } from './target-description.js';

/** GDB manual, "i386 Features": org.gnu.gdb.i386.core and .sse, in 32 and in 64 bits. */
describe('the description of the target', () => {
  const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];
  const STACK = Array.from({ length: 8 }, (_, number) => `st${number}`);
  const CONTROL = ['fctrl', 'fstat', 'ftag', 'fiseg', 'fioff', 'foseg', 'fooff', 'fop'];
  const GENERAL_32 = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
  const GENERAL_64 = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'].concat(
    Array.from({ length: 8 }, (_, number) => `r${number + 8}`),
  );

  it.each([
    [32, 'i386', [...GENERAL_32, 'eip'], 8],
    [64, 'i386:x86-64', [...GENERAL_64, 'rip'], 16],
  ] as const)('of a program of %i bits', (bits, architecture, general, vectors) => {
    const { registers, xml } = describeTarget(bits);
    const names = registers.map(({ name }) => name);
    const expected = [
      ...general,
      'eflags',
      ...SEGMENTS,
      ...STACK,
      ...CONTROL,
      ...Array.from({ length: vectors }, (_, number) => `xmm${number}`),
      'mxcsr',
    ];
    expect(names.slice(0, expected.length)).toEqual(expected);
    expect(names.includes('fs_base')).toBe(bits === 64);
    expect(xml).toContain(`<architecture>${architecture}</architecture>`);
    for (const { name, bits: size } of registers) {
      expect(xml).toContain(`<reg name="${name}" bitsize="${size}"`);
    }
  });
});
