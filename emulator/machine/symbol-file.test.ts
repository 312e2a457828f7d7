/** Lines as nm(1) writes them (Binutils manual, "nm") and as System.map and /proc/kallsyms have them. */
import { describe, expect, it } from 'vitest';
import { readSymbolFile } from './symbol-file.js';

const read = (text: string): string[] =>
  readSymbolFile(Buffer.from(text), 'System.map').map(
    ({ name, address, sizeBytes }) => `${address.toString(16)} ${sizeBytes} ${name}`,
  );

describe('readSymbolFile', () => {
  it.each([
    ['one function', 'ffffffff81000000 T startup_64\n', ['ffffffff81000000 0 startup_64']],
    [
      'functions reach to the next, in any order of lines',
      '0000000000001040 T b\r\n0000000000001000 t a\r\n',
      ['1000 64 a', '1040 0 b'],
    ],
    [
      'two names of one address',
      '1000 T a\n1000 W alias\n1010 T b',
      ['1000 16 a', '1000 16 alias', '1010 0 b'],
    ],
    [
      'sizes of nm -S',
      '0000000000001000 0000000000000008 T a\n0000000000001040 0000000000000010 T b',
      ['1000 8 a', '1040 16 b'],
    ],
    [
      'no data, no absolute and no undefined symbols',
      '1000 T a\n2000 D data\n0 A zero\n                 U printf\n',
      ['1000 0 a'],
    ],
    [
      'names of C++ and undefined weak objects',
      '1000 T foo(int, char)\n         v data\n',
      ['1000 0 foo(int, char)'],
    ],
    ['one function at 0', '0000 T reset\n', ['0 0 reset']],
    ['modules of kallsyms', 'ffffffffc0000000 t init\t[ext4]\n', ['ffffffffc0000000 0 init']],
  ])('reads %s', (_, text, symbols) => {
    expect(read(text)).toEqual(symbols);
  });

  it.each([
    ['1000 T a\nnot this\n', '--symbols System.map: line 2 is no line of nm'],
    ['12345678901234567 T a\n', '--symbols System.map: line 1 is no line of nm'],
    ['1000 D data\n', '--symbols System.map: the file names no function'],
    ['', '--symbols System.map: the file names no function'],
    // Linux, Documentation/admin-guide/sysctl/kernel, "kptr_restrict": addresses are replaced with 0s.
    [
      '0000000000000000 A fixed_percpu_data\n0000000000000000 T startup_64\n0000000000000000 t init\t[ext4]\n',
      '--symbols System.map: every address is 0, as in /proc/kallsyms for who may not see them',
    ],
  ])('refuses %j', (text, sentence) => {
    expect(() => read(text)).toThrow(sentence);
  });
});
