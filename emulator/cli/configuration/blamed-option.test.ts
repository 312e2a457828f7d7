/** Which value of a configuration a sentence about a mistake is about. */
import { describe, expect, it } from 'vitest';
import { namesFileOf, optionNamed } from './blamed-option.js';

describe('the option that a sentence begins with', () => {
  it.each([
    ["--ram 8Q: size '8Q' has the unknown unit 'Q'", 'ram'],
    ['mm.boot.yaml: --memmap-add: no size', 'memmap-add'],
    ['mm.boot.yaml:3:4: --ram 8Q: no size', null], // the suite's own
    ['module a.img cannot be read (--initrd)', null],
  ])('%s', (sentence, option) => {
    expect(optionNamed(sentence)).toBe(option);
  });
});

describe('the file that a sentence begins with', () => {
  it.each<[sentence: string, option: string, word: string, isAbout: boolean]>([
    ['module none.img cannot be read: no such file or directory', 'initrd', 'none.img', true],
    ['module none.img cannot be read: no such file or directory', 'module', 'none.img=a b', true],
    ['module none.img cannot be read: no such file or directory', 'append', 'read', false],
    ['module none.img cannot be read: no such file or directory', 'initrd', 'one.img', false],
    ['module none.img.gz cannot be read', 'initrd', 'none.img', false],
    ['image rd.img cannot be read', 'initrd', 'rd.img', false],
    ['file data.bin cannot be read', 'load', 'data.bin@0x200000', true],
    ['file data.bin cannot be read', 'disk', 'data.bin', false],
    ['map.json is not JSON: Unexpected token', 'memmap', 'map.json', true],
    ['map.json, entry 2 has no "type"', 'memmap', 'map.json', true],
    ['cannot read the memory map map.json: no such file', 'memmap', 'map.json', true],
    ["the zoo has no map 'bochs'", 'memmap', 'zoo:bochs', true],
    ["the zoo has no map 'bochs-2'", 'memmap', 'zoo:bochs', false],
    ['out/run.json cannot be written: no space left', 'out', 'out', true],
    ['com1.txt cannot be written: permission denied', 'serial', 'file:com1.txt', true],
    ['a.boot.yaml:2:8: disk a.img cannot be read', 'disk', 'a.img', false],
  ])('%s: %s %s', (sentence, option, word, isAbout) => {
    expect(namesFileOf(sentence, option, word)).toBe(isAbout);
  });
});
